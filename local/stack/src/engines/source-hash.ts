import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The project's own folder. */
export const ROOT = resolve(import.meta.dirname, '../../../..')

/**
 * A short name of these files, which changes with any of them and with nothing else.
 * @param patterns globs below `root` @param how anything else that counts @param omit by path below `root`
 */
export async function hashOf(
  patterns: readonly string[],
  { how, root = ROOT, omit }: { how: string; root?: string; omit: (path: string) => boolean },
): Promise<string> {
  const hash = createHash('sha256').update(how)
  const entries = await Array.fromAsync(glob(patterns, { cwd: root, withFileTypes: true }))
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .filter((path) => !omit(path))
  for (const path of files.toSorted()) {
    const content = await readFile(join(root, path))
    hash.update(`${path}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex').slice(0, 12)
}
