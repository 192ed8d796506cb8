import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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
export function readFolder(folder: string): Files {
  const files = new Map<string, Uint8Array>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(relative(folder, path).split(sep).join('/'), readFileSync(path))
  }
  return files
}

/**
 * Makes a folder hold these files and no others. They are written beside it and take its place when they are whole: a
 * build that fails leaves the folder as it was (one that is killed in the moment between, without it). Everybody may read
 * them, whatever the umask: in an image they belong to root, and the worker is not root.
 */
export function replaceFolder(folder: string, files: Files): void {
  const next = `${folder}-next-${process.pid}`
  const last = `${folder}-last-${process.pid}`
  try {
    for (const [path, bytes] of files) {
      const target = join(next, path)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, bytes)
      chmodSync(target, 0o644)
    }
    for (const entry of readdirSync(next, { recursive: true, withFileTypes: true }))
      if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755)
    if (existsSync(folder)) renameSync(folder, last)
    renameSync(next, folder)
  } finally {
    for (const path of [next, last]) rmSync(path, { recursive: true, force: true })
  }
}
