import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

/** A folder's files: path below it, with forward slashes → content. */
export type Files = ReadonlyMap<string, Uint8Array>

/** Puts files into a folder of a set. */
export const under = (folder: string, files: Files): Files =>
  new Map([...files].map(([path, bytes]) => [`${folder}/${path}`, bytes]))

export const merged = (...sets: readonly Files[]): Files => new Map(sets.flatMap((set) => [...set]))

export const bytesIn = (files: Files): number =>
  files.values().reduce((sum, bytes) => sum + bytes.length, 0)

/** SHA-256 in hex over names and contents, in the names' order: not over times, owners or modes. */
export function hashOf(files: Files): string {
  const hash = createHash('sha256')
  for (const path of [...files.keys()].toSorted()) {
    const bytes = files.get(path)!
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

/** @throws Node's own error where there is no such folder */
export async function readFolder(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, Uint8Array>()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(relative(folder, path).split(sep).join('/'), await readFile(path))
  }
  return files
}

/**
 * Makes a folder hold these files and no others. They are written beside it and take its place when they are whole: a
 * build that fails or is stopped leaves the folder as it was (one that is killed in the moment between, without it).
 */
export async function replaceFolder(folder: string, files: Files, signal: AbortSignal) {
  const next = `${folder}-next-${process.pid}`
  const last = `${folder}-last-${process.pid}`
  try {
    for (const [path, bytes] of files) {
      signal.throwIfAborted()
      const target = join(next, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, bytes)
    }
    await rename(folder, last).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    await rename(next, folder)
  } finally {
    await Promise.all([next, last].map((path) => rm(path, { recursive: true, force: true })))
  }
}
