import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { chooseTransport, WantedTransport } from '@order-up/engine-node/transport'
import { OrderUpError, TerminalError, describe } from '@order-up/kit'
import {
  assertFree,
  cacheContents,
  cacheRoot,
  examineBuild,
  findJdk,
  findMaven,
  healthOf,
  JVM_ENGINES,
  readRun,
  type JvmEngineName,
  type Run,
} from '@order-up/stack'
import { addCommonOptions, dataDirOf, type ReachOptions } from '../reach.ts'
import { EXIT, answer, type Shell } from '../shell.ts'

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
      'Checks Node, JDK, Maven, the Node engine’s transports, the engines of the JVM, disk, downloads and ports; where a stack runs, its workers instead of the ports.',
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
        transport(shell.env),
        ...(Object.keys(JVM_ENGINES) as JvmEngineName[]).map((name) => engine(name, shell.env)),
        disk(dataDir),
        cache(cacheRoot(shell.env)),
        ...(run
          ? [...run.workers.map(worker), ...run.engines.flatMap(notBroughtUp)]
          : [
              port('Kafka', KAFKA_PORT, '--kafka-port'),
              port('registry', REGISTRY_PORT, '--registry-port'),
            ]),
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

const engine = (name: JvmEngineName, env: Shell['env']) =>
  examine(`engine ${name}`, async () => {
    const { jdk, isBuilt } = await examineBuild(name, env)
    const state = isBuilt ? 'built' : 'not built yet: its first use does it, with Maven'
    return `${state}; JDK ${jdk.version} in ${jdk.home}`
  })

/** Which client library the Node engine writes with, and whether it could be the other. */
const transport = ({ TRANSPORT }: Shell['env']) =>
  examine('transport', () => {
    const wanted = WantedTransport.safeParse(TRANSPORT)
    if (!wanted.success)
      throw new TerminalError('CONFIG', `TRANSPORT=${TRANSPORT}: auto, kafkajs or native`)
    const { transport: name, version, why } = chooseTransport(wanted.data)
    const runs = `${name} ${version} (${why})`
    return Promise.resolve(name === 'native' ? runs : `${runs}; ${nativeHere()}`)
  })

function nativeHere(): string {
  try {
    return `native ${chooseTransport('native').version} is there too: TRANSPORT=native`
  } catch {
    return 'native is not there: `npm run native`'
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

const port = (who: string, number: number, flag: string) =>
  examine(`port ${number} (${who})`, async () => {
    await assertFree(number, flag)
    return 'free'
  })

async function cache(root: string): Promise<Examined> {
  const contents = await cacheContents(root)
  const list = contents.map(({ name, bytes }) => `${name} (${Math.ceil(bytes / 1e6)} MB)`)
  const found = list.length > 0 ? list.join(', ') : 'empty; the first start downloads 200 MB'
  return { name: 'downloads', ok: true, found: `${found} in ${root}` }
}

/** An engine that failed before it had a worker, as where it does not build. */
function notBroughtUp({ deployment, state, problem, log }: Run['engines'][number]): Examined[] {
  if (state !== 'failed' || log !== null) return []
  return [{ name: deployment, ok: false, found: problem ?? 'it failed' }]
}

async function worker({
  name,
  state,
  pid,
  httpPort,
  restarts,
  lastEnd,
}: Run['workers'][number]): Promise<Examined> {
  const healthy = httpPort === null ? null : ((await healthOf(httpPort))?.healthy ?? false)
  const ended = restarts > 0 ? `, restarted ${restarts} times, last after ${lastEnd}` : ''
  const health = healthy === null ? '' : healthy ? ', healthy' : ', not healthy'
  return {
    name,
    ok: state === 'running' && healthy !== false,
    found: `${state}${pid === null ? '' : ` (pid ${pid})`}${health}${ended}`,
  }
}
