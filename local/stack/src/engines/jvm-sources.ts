import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../../../..')

/** The Maven project of the engines. */
export const PROJECT = join(ROOT, 'functions/engine-jvm')

/** All that a build reads: the poms, the main sources, the contract's schemas, and what local runs add. */
const READ = [
  'functions/engine-jvm/pom.xml',
  'functions/engine-jvm/*/pom.xml',
  'functions/engine-jvm/*/src/main/**',
  'schemas/avro/**',
  'local/stack/java/Leash.java',
]

/**
 * A short name of what an engine is built from.
 * @param others modules whose sources it does not need
 * @param how anything else that decides what comes out
 */
export async function sourceHash(
  others: readonly string[],
  how: string,
  root = ROOT,
): Promise<string> {
  const foreign = others.map((module) => `functions/engine-jvm/${module}/`)
  const hash = createHash('sha256').update(how)
  const entries = await Array.fromAsync(glob(READ, { cwd: root, withFileTypes: true }))
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .filter((path) => !foreign.some((folder) => path.startsWith(folder)))
  for (const path of files.toSorted()) {
    const content = await readFile(join(root, path))
    hash.update(`${path}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex').slice(0, 12)
}
