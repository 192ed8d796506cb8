import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { OrderUpError, closeServer, describe, listen } from '@order-up/kit'
import { findJdk, findMaven, readRun, type Run } from '@order-up/stack'
import { addCommonOptions, dataDirOf, type ReachOptions } from '../reach.ts'
import { EXIT, answer, type Shell } from '../shell.ts'
import { isHealthy } from '../health.ts'

const KAFKA_PORT = 9092
const REGISTRY_PORT = 8081
/** Broker, registry and their downloads take about 0.5 GB before the first order. */
const MIN_FREE_BYTES = 2e9

interface Examined {
  name: string
  /** null = not known, with the reason in `found` */
  ok: boolean | null
  found: string
}

export const doctorCommand = (shell: Shell) =>
  addCommonOptions(new Command('doctor'))
    .summary('check what the stack needs, and the stack itself')
    .description(
      'Checks Node, JDK, Maven, disk and ports; where a stack runs, its workers instead of the ports.',
    )
    .action(async (options: ReachOptions) => {
      const dataDir = dataDirOf(shell, options)
      const run = await readRun(dataDir)
      const examined = await Promise.all([
        examine('Node', () => Promise.resolve(`${process.versions.node} in ${process.execPath}`)),
        examine('JDK', async () => {
          const { version, home } = await findJdk(shell.env)
          return `${version} in ${home}`
        }),
        examine('Maven', () => findMaven(shell.env)),
        disk(dataDir),
        ...(run
          ? run.workers.map(worker)
          : [port('Kafka', KAFKA_PORT), port('registry', REGISTRY_PORT)]),
      ])
      answer(shell, options.json ?? false, examined, (list) => list.map(line).join('\n'))
      if (examined.some(({ ok }) => ok === false)) shell.exitCode = EXIT.failed
    })

const line = ({ name, ok, found }: Examined) =>
  `${ok === null ? '?   ' : ok ? 'ok  ' : 'FAIL'}  ${name}: ${found}`

async function examine(name: string, look: () => Promise<string>): Promise<Examined> {
  try {
    return { name, ok: true, found: await look() }
  } catch (error) {
    if (!(error instanceof OrderUpError)) throw error
    return { name, ok: false, found: describe(error) }
  }
}

async function disk(dataDir: string): Promise<Examined> {
  let folder = dataDir
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  return {
    name: 'disk',
    ok: free >= MIN_FREE_BYTES,
    found: `${(free / 1e9).toFixed(1)} GB free for ${dataDir}`,
  }
}

async function port(who: string, number: number): Promise<Examined> {
  const name = `port ${number} (${who})`
  const server = createServer()
  try {
    await listen(server, number, '127.0.0.1')
    await closeServer(server)
    return { name, ok: true, found: 'free' }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return { name, ok: false, found: `taken; order-up up says by whom, or takes another` }
  }
}

async function worker({
  name,
  state,
  pid,
  httpPort,
  restarts,
  lastEnd,
}: Run['workers'][number]): Promise<Examined> {
  const healthy = httpPort === null ? null : await isHealthy(httpPort)
  const ended = restarts > 0 ? `, restarted ${restarts} times, last after ${lastEnd}` : ''
  const health = healthy === null ? '' : healthy ? ', healthy' : ', not healthy'
  return {
    name,
    ok: state === 'running' && healthy !== false,
    found: `${state}${pid === null ? '' : ` (pid ${pid})`}${health}${ended}`,
  }
}
