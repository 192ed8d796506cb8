import { distFolder } from './artifacts.ts'
import { runCommandLine, say } from './command-line.ts'
import { merged, replaceFolder, under, type Files } from './files.ts'
import { makeJvm } from './jvm.ts'
import { make, type Made } from './make.ts'
import { RECIPES } from './recipes.ts'

const HELP = `npm run build [-- --json]

Bundles every Lambda and packs the context of every image into dist/ (or ORDER_UP_DIST), for pulumi up and
npm run release to take. Same sources, same bytes. dist/ changes only if all of it succeeds.

Flink's jar and Kafka Streams' image are built by Maven with a JDK 17 or later; without them both are left out, and a
stack that runs neither does not need them.

  --json   print dist/manifest.json: SHA-256, files and bytes of each
  --help

Exit codes: 0 done, 1 failed, 2 usage, 130 stopped.
`

const kib = (size: number) => `${size.toLocaleString('en')} KiB`
const line = (folder: string, size: string, sha256: string) =>
  `${folder.padEnd(28)} ${size.padEnd(24)} ${sha256.slice(0, 12)}`

interface Built extends Made {
  /** below dist/ */
  folder: string
  content: Files
  /** of what Maven made: hash over what it was made of */
  sources?: string
}

async function build(signal: AbortSignal): Promise<string> {
  const begin = Date.now()
  const artifacts: Built[] = []
  for (const recipe of RECIPES) {
    const artifact = await make(recipe)
    signal.throwIfAborted()
    const { size, sha256 } = artifact
    say(line(recipe.folder, `${kib(size)} of ${kib(recipe.budget)}`, sha256))
    artifacts.push({ ...artifact, folder: recipe.folder })
  }
  const folder = distFolder()
  const jvm = await makeJvm(folder, say, signal)
  if (typeof jvm === 'string') say(`left out: Flink's jar and the image of Kafka Streams. ${jvm}`)
  else
    for (const artifact of jvm) {
      say(line(artifact.folder, kib(Math.ceil(artifact.bytes / 1024)), artifact.sha256))
      artifacts.push(artifact)
    }
  signal.throwIfAborted()
  const manifest = manifestOf(artifacts)
  const files = merged(
    ...artifacts.map(({ folder, content }) => under(folder, content)),
    new Map([['manifest.json', Buffer.from(manifest)]]),
  )
  replaceFolder(folder, files)
  say(`${folder} is built, in ${((Date.now() - begin) / 1_000).toFixed(1)} s`)
  return manifest
}

function manifestOf(artifacts: readonly Built[]): string {
  const made = artifacts.map(({ folder, content: _, ...rest }) => [folder, rest] as const)
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
