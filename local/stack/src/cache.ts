import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from './prerequisites.ts'

const ABANDONED_AFTER_MS = 60 * 60 * 1_000

/** Where downloads are kept, by version: outside the project, so that a fresh clone finds them again. */
export function cacheRoot({ XDG_CACHE_HOME, HOME = '/tmp' }: Env): string {
  return join(XDG_CACHE_HOME || join(HOME, '.cache'), 'order-up')
}

/**
 * The folder `name` of the cache. Where it is missing, `fill` fills a folder of its own, which then takes the name in
 * one step: nobody sees half of it, and of two processes that do so at once the first one's is kept.
 */
export async function cached(
  root: string,
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(root, name)
  if (await exists(target)) return target
  await mkdir(root, { recursive: true })
  await removeAbandoned(root)
  const temporary = await mkdtemp(join(root, `.filling-${name}-`))
  try {
    await fill(temporary)
    await rename(temporary, target)
  } catch (error) {
    if (!(await exists(target))) throw error
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return target
}

/** What was left by processes that were killed while they filled. */
async function removeAbandoned(root: string): Promise<void> {
  for await (const name of glob('.filling-*', { cwd: root })) {
    const path = join(root, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}

export const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
