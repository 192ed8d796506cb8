import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'

/**
 * The arrows: which of our workspaces each one may import. What runs in production knows nothing of `local` or
 * `infra`, and the fold knows nothing but the contract. A workspace without a line here has no place yet.
 */
const ARROWS: Readonly<Record<string, readonly string[] | 'all'>> = {
  schemas: [],
  'functions/fold': ['schemas'],
  'functions/kit': ['schemas'],
  'functions/control': ['schemas', 'functions/kit'],
  'functions/producer': ['schemas', 'functions/kit'],
  'functions/sink': ['schemas', 'functions/kit'],
  'functions/engine-node': ['schemas', 'functions/fold', 'functions/kit'],
  'functions/parity': ['schemas', 'functions/kit', 'functions/control'],
  infra: ['schemas', 'functions/control', 'functions/sink'],
  'local/stack': 'all',
  'local/cli': 'all',
  'local/e2e': 'all',
  'local/bench': 'all',
  'local/conform': 'all',
}

const ROOT = resolve(import.meta.dirname, '../../..')

type Dependencies = Readonly<Record<string, string>>
interface Package {
  name: string
  workspaces?: string[]
  dependencies?: Dependencies
  devDependencies?: Dependencies
}
const packageIn = (dir: string) => {
  const text = readFileSync(join(ROOT, dir, 'package.json'), 'utf8')
  return { dependencies: {}, devDependencies: {}, workspaces: [], ...(JSON.parse(text) as Package) }
}

const root = packageIn('.')
const workspaces = root.workspaces
  .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: ROOT }))
  .map(dirname)
  .map((dir) => ({ dir, ...packageIn(dir), imports: importsOf(dir) }))
const dirOf = new Map(workspaces.map(({ name, dir }) => [name, dir]))

interface Import {
  file: string
  from: string
  /** in a file that is deployed or run, not only tested with */
  runtime: boolean
}

function importsOf(dir: string): Import[] {
  const files = globSync('**/*.{ts,mts,js,mjs}', {
    cwd: join(ROOT, dir),
    exclude: (name) => name === 'node_modules' || name === 'dist' || name === 'target',
  })
  return files.flatMap((file) => {
    const runtime = /^(src|bin)\//.test(file) && !/\.(test|fixture)\.ts$/.test(file)
    const text = readFileSync(join(ROOT, dir, file), 'utf8')
    return ts
      .preProcessFile(text, true, true)
      .importedFiles.map(({ fileName }) => ({ file: join(dir, file), from: fileName, runtime }))
  })
}

/** The package of a bare import: `@scope/name/path` is of `@scope/name`. */
const packageOf = (from: string) =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

const isRelative = ({ from }: Import) => from.startsWith('.')
const isBare = (i: Import) => !isRelative(i) && !isBuiltin(i.from)
const show = ({ file, from }: Import) => `${file}: ${from}`

test('every workspace has its place, and imports are found in it', () => {
  assert.deepEqual(workspaces.map(({ dir }) => dir).toSorted(), Object.keys(ARROWS).toSorted())
  const schemas = workspaces.find(({ dir }) => dir === 'schemas')!
  assert.ok(schemas.imports.some((i) => i.file === 'schemas/src/codec.ts' && isRelative(i)))
  assert.ok(schemas.imports.some((i) => i.from === 'zod' && i.runtime))
})

for (const { dir, name, imports, dependencies, devDependencies } of workspaces) {
  test(`${dir} imports only what its arrows allow`, () => {
    const allowed = ARROWS[dir]
    const wrong = imports.filter(isBare).filter(({ from }) => {
      const target = dirOf.get(packageOf(from))
      if (target === undefined || target === dir || allowed === 'all') return false
      return !allowed?.includes(target)
    })
    assert.deepEqual(wrong.map(show), [])
  })

  test(`${dir} reaches into no other workspace by path`, () => {
    const wrong = imports.filter(isRelative).filter(({ file, from }) => {
      const target = relative(join(ROOT, dir), resolve(ROOT, dirname(file), from))
      return target.startsWith('..')
    })
    assert.deepEqual(wrong.map(show), [])
  })

  test(`${dir} declares what it imports, and of ours nothing else`, () => {
    const declared = (runtime: boolean) =>
      runtime
        ? Object.keys(dependencies)
        : Object.keys({ ...dependencies, ...devDependencies, ...root.devDependencies })
    const bare = imports.filter(isBare).filter(({ from }) => packageOf(from) !== name)
    const missing = bare.filter(({ from, runtime }) => !declared(runtime).includes(packageOf(from)))
    assert.deepEqual(missing.map(show), [])

    const imported = new Set(bare.map(({ from }) => packageOf(from)))
    const ours = Object.keys({ ...dependencies, ...devDependencies }).filter((d) => dirOf.has(d))
    assert.deepEqual(
      ours.filter((dependency) => !imported.has(dependency)),
      [],
    )
  })
}

test('every version is exact, and one dependency has one version everywhere', () => {
  const versions = new Map<string, Set<string>>()
  for (const { dependencies, devDependencies } of [root, ...workspaces])
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      versions.set(name, (versions.get(name) ?? new Set()).add(version))
  const wrong = [...versions].filter(
    ([name, seen]) => seen.size > 1 || (!dirOf.has(name) && !/^\d/.test([...seen][0]!)),
  )
  assert.deepEqual(
    wrong.map(([name, seen]) => `${name}: ${[...seen].join(', ')}`),
    [],
  )
})
