import { distFolder } from './artifacts.ts'
import { runCommandLine, say } from './command-line.ts'
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

const command = {
  help: HELP,
  flags: ['json'],
  needs: [],
  ifStopped: 'Stopped; dist/ is as it was.',
  ifFailed: 'The build failed, and dist/ is as it was',
  async run(flags: ReadonlySet<string>, _: readonly string[], signal: AbortSignal) {
    const manifest = await build(signal)
    if (flags.has('json')) process.stdout.write(manifest)
  },
}

process.exitCode = await runCommandLine(command, process.argv.slice(2))
