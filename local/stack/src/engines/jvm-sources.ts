import { join } from 'node:path'
import { hashOf, ROOT } from './source-hash.ts'

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
export function sourceHash(
  others: readonly string[],
  how: string,
  root: string = ROOT,
): Promise<string> {
  const foreign = others.map((module) => `functions/engine-jvm/${module}/`)
  const isForeign = (path: string) => foreign.some((folder) => path.startsWith(folder))
  return hashOf(READ, { how, root, omit: isForeign })
}
