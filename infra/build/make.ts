import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, kafkajsFolder } from './bundle.ts'
import { problemsOf, sizeOf } from './checks.ts'
import { bytesIn, hashOf, merged, under, type Files } from './files.ts'
import type { Recipe } from './recipes.ts'

/** One line of dist/manifest.json. */
export interface Made {
  /** over names and contents: hashOf */
  sha256: string
  files: number
  /** of all files together */
  bytes: number
}

export interface Artifact extends Made {
  recipe: Recipe
  /** of its index.mjs, in KiB */
  size: number
  content: Files
}

/**
 * Bundles one Lambda, or the context of one image, in memory.
 * @throws Error with a line for each thing that must not be in it, is missing from it, or is too heavy
 */
export async function make(recipe: Recipe): Promise<Artifact> {
  const { files, metafile } = await bundle(recipe.entry)
  const problems = problemsOf(recipe, metafile)
  if (problems.length > 0) throw new Error(problems.join('\n  '))
  const code = merged(files, kafkajsFolder())
  const content = recipe.kind === 'image' ? contextOf('worker.Dockerfile', code) : code
  return { recipe, size: sizeOf(metafile), content, ...madeOf(content) }
}

export const madeOf = (content: Files): Made => ({
  sha256: hashOf(content),
  files: content.size,
  bytes: bytesIn(content),
})

/** What an image is built of. @param dockerfile one of this folder; it copies `app/`, the code, and `state/` */
export function contextOf(dockerfile: string, code: Files): Files {
  return merged(
    new Map([
      ['Dockerfile', readFileSync(join(import.meta.dirname, dockerfile))],
      ['state/.keep', new Uint8Array()], // an empty folder is in no set of files
    ]),
    under('app', code),
  )
}
