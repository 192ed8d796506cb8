import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, TerminalError } from '@order-up/kit'
import { cacheRoot } from '@order-up/stack'
import { z } from 'zod'
import { provideNative } from './build.ts'

const HELP = `npm run native [-- --help]

Makes the native Kafka client (@confluentinc/kafka-javascript, on librdkafka) loadable by this project's Node, for
TRANSPORT=native. Takes the binary that its makers publish where GitHub can be reached, else compiles it, in one or two
minutes, with g++, make, python3 and the headers of a few libraries; what is missing is named. The result is kept in
~/.cache/order-up (or XDG_CACHE_HOME): after the next npm ci the same command copies it back.

Exit codes: 0 it loads, 1 failed, 2 usage, 130 stopped.
`
const PROJECT = resolve(import.meta.dirname, '../../../..')
const Pinned = z.object({
  optionalDependencies: z.object({ '@confluentinc/kafka-javascript': z.string() }),
})

const say = (line: string) => process.stderr.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    const asked = args.length === 1 && ['--help', '-h'].includes(args[0]!)
    if (asked) process.stdout.write(HELP)
    else say(`Arguments: none\n\n${HELP}`)
    return asked ? 0 : 2
  }
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  const before = await loadable()
  if (typeof before === 'string') {
    say(`It is there: ${before}`)
    return 0
  }
  try {
    await provideNative(pinned(), {
      project: PROJECT,
      npm: npmScript(),
      root: cacheRoot(process.env),
      env: process.env,
      onProgress: say,
      signal: stop.signal,
    })
    const now = await loadable()
    if (typeof now !== 'string') throw now
    say(`It is there: ${now}`)
    return 0
  } catch (error) {
    if (stop.signal.aborted) return 130
    say(`order-up: ${describe(error)}`)
    return 1
  }
}

/** What loads, or why nothing does; in a process of its own, since what is loaded stays. */
async function loadable(): Promise<string | Error> {
  const script = `import { chooseTransport } from '@order-up/engine-node/transport'
    console.log(chooseTransport('native').version)`
  const args = ['--input-type=module', '-e', script]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: import.meta.dirname,
    })
    return stdout.trim()
  } catch (error) {
    return error as Error
  }
}

function pinned(): string {
  const require = createRequire(import.meta.url)
  const engine = require.resolve('@order-up/engine-node')
  const text = readFileSync(join(engine, '../../package.json'), 'utf8')
  return Pinned.parse(JSON.parse(text)).optionalDependencies['@confluentinc/kafka-javascript']
}

/** @throws TerminalError `NPM_MISSING` where this was not started by npm */
function npmScript(): string {
  const { npm_execpath } = process.env
  if (npm_execpath?.endsWith('npm-cli.js')) return npm_execpath
  throw new TerminalError('NPM_MISSING', 'npm was not found by its own name', {
    remedy: '`npm run native`, which tells where npm is',
  })
}
