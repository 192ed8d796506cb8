import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@order-up/kit'
import { tryLock } from './lock.ts'
import type { Env } from './prerequisites.ts'

const LOCK = 'lock'
const FILLING = '.filling-'

/** Where downloads are kept, by version: outside the project, so that a fresh clone finds them again. */
export function cacheRoot({ XDG_CACHE_HOME, HOME = '/tmp' }: Env): string {
  return join(XDG_CACHE_HOME || join(HOME, '.cache'), 'order-up')
}

export interface CacheOptions {
  root: string
  onProgress: (line: string) => void
  signal: AbortSignal
}

/**
 * The folder `name` of the cache. Where it is missing, `fill` fills a folder of its own, which then takes the name in
 * one step: nobody ever sees half of it. One process at a time fills; the others wait for it.
 * @param isWhole whether it is there and all that it refers to still is; if not, it is filled anew
 */
export async function cached(
  name: string,
  { root, onProgress, signal }: CacheOptions,
  fill: (folder: string) => Promise<void>,
  isWhole: (folder: string) => Promise<boolean> = exists,
): Promise<string> {
  const target = join(root, name)
  if (await isWhole(target)) return target
  await mkdir(root, { recursive: true })
  const release = await takeTurn(root, onProgress, signal)
  try {
    if (await isWhole(target)) return target
    await removeAbandoned(root)
    const temporary = await mkdtemp(join(root, FILLING))
    try {
      await fill(temporary)
      await rm(target, { recursive: true, force: true }) // what is not whole
      await rename(temporary, target)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
    return target
  } finally {
    release()
  }
}

/** What the cache holds, by name, which has the version in it; empty where there is none. */
export async function cacheContents(root: string): Promise<{ name: string; bytes: number }[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((e) => e.isDirectory() && !e.name.startsWith('.'))
  return Promise.all(
    folders.map(async ({ name }) => ({ name, bytes: await sizeOf(join(root, name)) })),
  )
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }) // follows no link
  const files = entries.filter((entry) => entry.isFile())
  const sizes = files.map(({ parentPath, name }) =>
    stat(join(parentPath, name)).then(({ size }) => size),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** Removes all but the newest few folders whose names begin so. @param keep how many */
export async function prune(root: string, prefix: string, keep: number): Promise<void> {
  const names = (await readdir(root)).filter((name) => name.startsWith(prefix))
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(root, name))).mtimeMs })),
  )
  for (const { name } of aged.toSorted((a, b) => b.at - a.at).slice(keep))
    await rm(join(root, name), { recursive: true, force: true })
}

async function takeTurn(root: string, onProgress: (line: string) => void, signal: AbortSignal) {
  let release = tryLock(join(root, LOCK))
  if (release) return release
  onProgress('Waiting for another process that downloads or builds')
  await until(() => Promise.resolve((release = tryLock(join(root, LOCK))) !== undefined), signal)
  return release!
}

/** What was left by a process that was killed while it filled. */
async function removeAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root))
    if (name.startsWith(FILLING)) await rm(join(root, name), { recursive: true, force: true })
}

export const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
