import { isBuiltin } from 'node:module'
import type { Metafile } from 'esbuild'
import type { Recipe } from './recipes.ts'

/** What must not be deployed, and why. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/^node_modules\/@pulumi\//, 'Pulumi is for deploying, not for what is deployed'],
  [/^(node_modules\/@duckdb|functions\/sink\/src\/duckdb)/, 'DuckDB is for the local stack'],
  [
    /^node_modules\/kafkajs\//,
    'kafkajs inside a bundle stays without its repairs: load it through the kit',
  ],
  [/^(infra|local)\//, 'what is deployed knows nothing of infra and local'],
  [/\.(test|fixture)\.ts$|^(functions|schemas)\/(.+\/)?test\//, 'it is for tests'],
]

/** Not missing: a package that is asked for in a try block and gone without, and esbuild's name for its own code. */
const NOT_MISSING = new Set(['supports-color', '<runtime>'])

/**
 * @param metafile esbuild's account of the bundle
 * @returns a line for each thing that is wrong with it
 */
export function problemsOf(recipe: Recipe, metafile: Metafile): string[] {
  return [
    ...forbiddenIn(recipe, metafile),
    ...missingFrom(recipe, metafile),
    ...overBudget(recipe, metafile),
  ]
}

function forbiddenIn({ folder, entry }: Recipe, metafile: Metafile): string[] {
  return Object.keys(metafile.inputs).flatMap((path) => {
    const rule = FORBIDDEN.find(([pattern]) => pattern.test(path))
    if (rule === undefined) return []
    return [`${folder} holds ${path}: ${rule[1]}\n    it came by ${chain(metafile, entry, path)}`]
  })
}

function missingFrom({ folder }: Recipe, { inputs }: Metafile): string[] {
  return Object.entries(inputs).flatMap(([path, { imports }]) =>
    imports
      .filter(({ external, path: name }) => external && !isBuiltin(name) && !NOT_MISSING.has(name))
      .map(({ path: name }) => `${folder} lacks ${name}, which ${path} imports`),
  )
}

function overBudget({ folder, budget }: Recipe, metafile: Metafile): string[] {
  const kib = sizeOf(metafile)
  if (kib <= budget) return []
  const [heaviest, bytes] = weights(metafile)[0]!
  return [
    `${folder} is ${kib} KiB, its budget ${budget} (infra/build/recipes.ts): ${heaviest} weighs most, ${Math.round(bytes / 1024)} KiB`,
  ]
}

/** Of index.mjs, in KiB. */
export function sizeOf({ outputs }: Metafile): number {
  return Math.ceil((codeOf(outputs)?.bytes ?? 0) / 1024)
}

const codeOf = (outputs: Metafile['outputs']) =>
  Object.entries(outputs).find(([path]) => path.endsWith('.mjs'))?.[1]

/** Bytes by package, the heaviest first; of our own code by workspace. */
function weights({ outputs }: Metafile): [string, number][] {
  const sums = new Map<string, number>()
  for (const [path, { bytesInOutput }] of Object.entries(codeOf(outputs)?.inputs ?? {})) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/src/')[0]!
    sums.set(name, (sums.get(name) ?? 0) + bytesInOutput)
  }
  return [...sums].toSorted(([, a], [, b]) => b - a)
}

/** The shortest way of imports from the entry point: "a ← b ← entry". */
function chain({ inputs }: Metafile, entry: string, target: string): string {
  const from = new Map<string, string | undefined>([[entry, undefined]])
  for (const path of from.keys())
    for (const next of inputs[path]?.imports ?? [])
      if (!from.has(next.path)) from.set(next.path, path)
  const way: string[] = []
  for (let at: string | undefined = target; at !== undefined; at = from.get(at)) way.push(at)
  return way.join(' ← ')
}
