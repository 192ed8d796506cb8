import { parseArgs } from 'node:util'
import { distFolder } from './artifacts.ts'
import { merged, replaceFolder, under } from './files.ts'
import { make, type Artifact, type Made } from './make.ts'
import { RECIPES } from './recipes.ts'

const HELP = `npm run build [-- --json]

Bundles every Lambda and packs the context of every image into dist/ (or ORDER_UP_DIST), for pulumi up and
npm run release to take. Same sources, same bytes. dist/ changes only if all of it succeeds.

  --json   print dist/manifest.json: SHA-256, files and bytes of each
  --help

Exit codes: 0 done, 1 failed, 2 usage, 130 stopped.
`

const say = (line: string) => process.stderr.write(`${line}\n`)
const kib = (size: number) => `${size.toLocaleString('en')} KiB`

async function build(signal: AbortSignal): Promise<string> {
  const begin = Date.now()
  const artifacts: Artifact[] = []
  for (const recipe of RECIPES) {
    const artifact = await make(recipe)
    signal.throwIfAborted()
    const { size, sha256 } = artifact
    say(
      `${recipe.folder.padEnd(20)} ${kib(size).padStart(10)} of ${kib(recipe.budget)}  ${sha256.slice(0, 12)}`,
    )
    artifacts.push(artifact)
  }
  const manifest = manifestOf(artifacts)
  const folder = distFolder()
  const files = merged(
    ...artifacts.map(({ recipe, content }) => under(recipe.folder, content)),
    new Map([['manifest.json', Buffer.from(manifest)]]),
  )
  replaceFolder(folder, files)
  say(`${folder} is built, in ${((Date.now() - begin) / 1_000).toFixed(1)} s`)
  return manifest
}

function manifestOf(artifacts: readonly Artifact[]): string {
  const made = artifacts.map(({ recipe, sha256, files, bytes }): [string, Made] => [
    recipe.folder,
    { sha256, files, bytes },
  ])
  return `${JSON.stringify(Object.fromEntries(made), null, 2)}\n`
}

async function main(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const
  let values
  try {
    ;({ values } = parseArgs({ args: [...args], options }))
  } catch (error) {
    say(`${(error as Error).message}\n\n${HELP}`)
    return 2
  }
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  try {
    const manifest = await build(stop.signal)
    if (values.json) process.stdout.write(manifest)
    return 0
  } catch (error) {
    if (stop.signal.aborted) {
      say('Stopped; dist/ is as it was.')
      return 130
    }
    say(`The build failed, and dist/ is as it was:\n  ${(error as Error).message}`)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
