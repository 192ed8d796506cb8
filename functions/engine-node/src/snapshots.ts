import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { join } from 'node:path'
import { messageOf, type Log } from '@order-up/kit'
import { z } from 'zod'
import type { BlobStore } from './blob-store.ts'
import { Position, startOf } from './position.ts'
import { moveLog } from './log-files.ts'
import { BACKUP_FILE, unpack } from './state-backup.ts'
import { StateStore } from './state-log.ts'

/** Written after the data, so that a snapshot without it does not exist. */
const Manifest = z.object({ position: Position })

/** of each partition; older ones go */
const KEPT = 2

/** The snapshots of one deployment: copies of a partition's state, each in one file, named by the offset they stand for. */
export class Snapshots {
  readonly #blobs: BlobStore
  readonly #deployment: string
  readonly #log: Log

  constructor(blobs: BlobStore, deployment: string, log: Log) {
    this.#blobs = blobs
    this.#deployment = deployment
    this.#log = log
  }

  /**
   * @param backup writes a copy of the state into a folder, and says what it stands for
   * @returns the raw offset that the snapshot stands for
   */
  async save(partition: number, backup: (dir: string) => Promise<Position>): Promise<number> {
    return withTempDir(tmpdir(), async (dir) => {
      const position = await backup(dir)
      const data = join(dir, BACKUP_FILE)
      const manifest = join(dir, 'manifest.json')
      const folder = this.#folder(partition)
      const name = nameOf(position.next)
      await writeFile(manifest, JSON.stringify({ position }))
      await this.#blobs.put(`${folder}/${name}.state`, data)
      await this.#blobs.put(`${folder}/${name}.json`, manifest)
      for (const old of (await this.#names(partition)).slice(KEPT)) {
        await this.#blobs.remove(`${folder}/${old}.json`)
        await this.#blobs.remove(`${folder}/${old}.state`)
      }
      return position.next
    })
  }

  /**
   * Puts the newest snapshot that `wanted` accepts into `dir`.
   * @param release closes what is open there; not called where no snapshot is wanted and whole
   * @returns whether there was one; a damaged one is passed over and logged
   */
  async restore(
    partition: number,
    dir: string,
    wanted: (position: Position) => boolean,
    release: () => Promise<void>,
  ): Promise<boolean> {
    for (const name of await this.#names(partition)) {
      try {
        const found = await this.#restoreOne(
          `${this.#folder(partition)}/${name}`,
          dir,
          wanted,
          release,
        )
        if (found) return true
      } catch (error) {
        this.#log.warn({ partition, snapshot: name, why: messageOf(error) }, 'snapshot passed over')
      }
    }
    return false
  }

  async #restoreOne(
    name: string,
    dir: string,
    wanted: (position: Position) => boolean,
    release: () => Promise<void>,
  ): Promise<boolean> {
    await mkdir(dir, { recursive: true })
    return withTempDir(dir, async (temp) => {
      const manifestFile = join(temp, 'manifest.json')
      await this.#blobs.get(`${name}.json`, manifestFile)
      const manifest = Manifest.parse(JSON.parse(await readFile(manifestFile, 'utf8')))
      if (!wanted(manifest.position)) return false
      const data = join(temp, BACKUP_FILE)
      const log = join(temp, 'log')
      await mkdir(log)
      await this.#blobs.get(`${name}.state`, data)
      await unpack(data, log)
      // opening checks the data, and keeps what is whole of it
      const store = await StateStore.open(log, startOf(manifest.position.partitions))
      await store.close()
      if (!isDeepStrictEqual(store.position, manifest.position))
        throw new Error('its data is damaged')
      await release()
      await moveLog(log, dir)
      return true
    })
  }

  /** newest first */
  async #names(partition: number): Promise<string[]> {
    const files = await this.#blobs.list(this.#folder(partition))
    return files
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .toSorted()
      .toReversed()
  }

  #folder(partition: number) {
    return `${this.#deployment}/${partition}`
  }
}

const nameOf = (next: number) => String(next).padStart(16, '0')

async function withTempDir<T>(parent: string, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(parent, 'snapshot-'))
  try {
    return await use(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
