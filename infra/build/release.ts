import { join } from 'node:path'
import { z } from 'zod'
import type { ImageName } from '../config.ts'
import { distFolder } from './artifacts.ts'
import { ROOT } from './bundle.ts'
import { runCommandLine, say } from './command-line.ts'
import { contextsOf, digestThere, logIn, push, repositoryAt } from './images.ts'
import { run, shown, ToolError, type Tools } from './tools.ts'

/*
 * NEVER RUN against a real registry, a real Pulumi stack or a Docker engine so far: it was written where there is none
 * of them. The test runs it with stand-ins that record what they are asked.
 */

const KAFKA_STREAMS: ImageName = 'engine-kafka-streams'

const HELP = `npm run release -- <stack> [--dry-run]

Pushes the images that npm run build packed to the stack's repositories, for arm64, and writes their digests and the
bootstrap stage's outputs into Pulumi.<stack>.yaml, for pulumi up to take. An image that is there already is not pushed
again. Needs pulumi, aws and docker (with buildx), the bootstrap stage of the stack, and rights on its repositories.

  --dry-run   only reads, and prints what it would run
  --help

Exit codes: 0 done, 1 failed, 2 usage, 130 stopped.
`

/** What the bootstrap stage (infra/bootstrap) puts out. */
const Bootstrap = z.object({
  artifactBucket: z.string().min(1),
  keyArn: z.string().min(1),
  /** by the image's name: <account>.dkr.ecr.<region>.amazonaws.com/<name> */
  repositories: z.record(z.string(), z.string()),
})
type Bootstrap = z.infer<typeof Bootstrap>

async function release(stack: string, tools: Tools): Promise<void> {
  const contexts = contextsOf(distFolder())
  const { repositories, ...bootstrap } = await outputsOf(stack, tools)
  const wanted = contexts.map((context) => ({
    context,
    to: repositoryAt(context.image, repositories[context.image]),
  }))
  const settings = Object.entries(bootstrap).map(([key, value]) => [`bootstrap.${key}`, value])
  let loggedIn = false // all repositories are of one registry: the stage makes them in its own account and region
  if (!contexts.some(({ image }) => image === KAFKA_STREAMS))
    say(`${KAFKA_STREAMS} is not built (npm run build says why): its image stays as it is`)
  for (const { context, to } of wanted) {
    let digest = await digestThere(to, context.tag, tools)
    const isNew = digest === undefined
    if (digest === undefined) {
      if (!loggedIn) await logIn(to, tools)
      loggedIn = true
      digest = await push(to, context, tools)
    }
    say(`${context.image}${isNew ? '' : ', which was there'}: ${digest}`)
    settings.push([`images.${context.image}`, `${to.url}@${digest}`])
  }
  // after all pushes: an image that the config names is there
  for (const [key, value] of settings)
    await tools.change(['pulumi', ...SET_CONFIG, '--stack', stack, `order-up:${key}`, `${value}`])
}

const SET_CONFIG = ['config', 'set', '--cwd', ROOT, '--path', '--plaintext']

async function outputsOf(stack: string, { read }: Tools): Promise<Bootstrap> {
  const at = ['--cwd', join(ROOT, 'infra/bootstrap'), '--stack', stack]
  const next = `Next: pulumi up --cwd infra/bootstrap --stack ${stack}`
  let text: string
  try {
    text = await read(['pulumi', 'stack', 'output', '--json', ...at])
  } catch (error) {
    if (!(error instanceof ToolError) || !/no stack named/.test(error.stderr)) throw error
    throw new Error(`The bootstrap stage has no stack ${stack}.\n  ${next}`, { cause: error })
  }
  const parsed = Bootstrap.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  const missing = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(
    `The bootstrap stage's outputs of stack ${stack} lack something (${missing.join('; ')}).\n  ${next}`,
  )
}

function toolsFor(isDryRun: boolean, signal: AbortSignal): Tools {
  return {
    read: (command) => run(command, { signal }),
    async change(command, options) {
      if (!isDryRun) return run(command, { signal, ...options })
      process.stdout.write(`${shown(command)}\n`)
      return ''
    },
  }
}

const command = {
  help: HELP,
  flags: ['dry-run'],
  needs: ['stack'],
  ifStopped: 'Stopped. The same command goes on from what is pushed.',
  ifFailed: 'The release failed',
  async run(flags: ReadonlySet<string>, [stack = '']: readonly string[], signal: AbortSignal) {
    const isDryRun = flags.has('dry-run')
    await release(stack, toolsFor(isDryRun, signal))
    say(isDryRun ? 'A dry run: nothing was changed.' : `Next: pulumi up --stack ${stack}`)
  },
}

process.exitCode = await runCommandLine(command, process.argv.slice(2))
