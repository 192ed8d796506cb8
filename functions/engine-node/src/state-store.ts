import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'
import { Writer } from '@order-up/schemas'
import { decodeState, writeState, type OrderState } from '@order-up/fold'
import { Position, type LastRecord } from './position.ts'

/** Flush when so many orders have changed: bounds memory, about 1 KB each, twice. */
const MAX_DIRTY = 25_000
const POSITION_KEY = Buffer.from('position')
export const DATA_FILE = 'data.mdb'

/**
 * The state of one partition's orders: an LMDB file that may be larger than memory, and in front of it what changed
 * since the last flush. The file always stands for exactly one raw offset, as both are written in one transaction;
 * losing what was not flushed costs a silent refold, never a row.
 */
export class StateStore {
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #states: Database<Buffer, Buffer>
  readonly #meta: Database<Buffer, Buffer>
  /** changed since the last flush */
  #dirty = new Map<string, OrderState>()
  /** the flush before: being written, then a cache of what is likely to be needed again */
  #flushed = new Map<string, OrderState>()
  #writing: Promise<unknown> = Promise.resolve()
  #position: Position

  private constructor(root: RootDatabase<Buffer, Buffer>, fresh: Position) {
    this.#root = root
    this.#states = root.openDB({ name: 'states', encoding: 'binary', keyEncoding: 'binary' })
    this.#meta = root.openDB({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' })
    const stored = this.#meta.get(POSITION_KEY)
    this.#position = stored ? Position.parse(JSON.parse(stored.toString())) : fresh
  }

  /**
   * Opens the state in `dir`, or an empty one that stands for offset 0.
   * @throws ZodError, SyntaxError or LMDB's own error on a file that is not a state
   */
  static async open(dir: string, fresh: Position): Promise<StateStore> {
    await mkdir(dir, { recursive: true })
    const path = join(dir, DATA_FILE)
    return new StateStore(
      open({ path, noSubdir: true, encoding: 'binary', keyEncoding: 'binary' }),
      fresh,
    )
  }

  /** What the state stands for, flushed or not. */
  get position(): Position {
    return this.#position
  }

  /** Whether enough has changed that a flush should not wait for its time. */
  get full(): boolean {
    return this.#dirty.size >= MAX_DIRTY
  }

  get(orderId: string, key: Buffer): OrderState | null {
    const recent = this.#dirty.get(orderId) ?? this.#flushed.get(orderId)
    if (recent) return recent
    const stored = this.#states.getBinaryFast(key)
    return stored ? decodeState(stored) : null
  }

  /** Takes over what a committed transaction (or a silent refold) changed. */
  merge(states: ReadonlyMap<string, OrderState>, next: number, last: LastRecord | null): void {
    for (const [orderId, state] of states) this.#dirty.set(orderId, state)
    this.#position = { ...this.#position, next, last: last ?? this.#position.last }
  }

  /** Writes what has changed. After a failure it is all still there, to be written by the next call. */
  flush(): Promise<void> {
    return this.#exclusively(() => this.#write())
  }

  async #write(): Promise<void> {
    const changed = this.#dirty
    const position = this.#position
    this.#flushed = changed
    this.#dirty = new Map()
    const writer = new Writer(changed.size * 256 + 64)
    try {
      await this.#root.batch(() => {
        for (const [orderId, state] of changed)
          void this.#states.put(Buffer.from(orderId), writeState(writer, state))
        void this.#meta.put(POSITION_KEY, Buffer.from(JSON.stringify(position)))
      })
    } catch (error) {
      this.#dirty = new Map([...changed, ...this.#dirty])
      throw error
    }
  }

  /** Flushes, and copies the file into `dir`. @returns what the copy stands for */
  async backup(dir: string): Promise<Position> {
    await mkdir(dir, { recursive: true })
    return this.#exclusively(async () => {
      const position = this.#position
      await this.#write()
      await this.#root.backup(join(dir, DATA_FILE), true)
      return position
    })
  }

  /** One write or copy of the file at a time. */
  #exclusively<T>(use: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(use)
    this.#writing = result.catch(() => {})
    return result
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#root.close()
  }

  /** How many orders the file holds. */
  get orders(): number {
    const { entryCount } = this.#states.getStats() as { entryCount: number }
    return entryCount
  }
}

export const removeState = (dir: string) => rm(dir, { recursive: true, force: true })
