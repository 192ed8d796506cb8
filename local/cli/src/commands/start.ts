import { Command } from 'commander'
import { KafkaConfig, createKafka, createRegistry, parseConfig, silentLog } from '@order-up/kit'
import { GenerateOptions, runGenerator } from '@order-up/producer'
import { healthOf, webPageIn } from '@order-up/stack'
import { firstOrder, showLive } from '../live.ts'
import { addPipelineFlags, runStack, type PipelineFlags, type RunningStack } from '../run-stack.ts'
import { UsageError, createProgress, type Shell } from '../shell.ts'
import { printable } from '../text-table.ts'
import { newSeed, rate } from './produce.ts'
import { once } from './once.ts'
import { replay, replayText } from './replay.ts'

const GENTLE_RATE = 50

interface Options extends PipelineFlags {
  rate: number
  replay?: string
  once?: boolean
  out?: string
}

export const startCommand = (shell: Shell) =>
  addPipelineFlags(new Command('start'))
    .summary('run everything, with a generator, and show it working')
    .description(
      `Brings up broker, registry, engine, sink and ingest, generates orders and shows them arriving, until Ctrl-C.
A later run goes on where this one stops.

With --replay DIR --once --out FILE: runs the Olist files in DIR through a pipeline of its own in an empty temporary
folder, verifies, writes the warehouse's rows to FILE as JSON lines, and leaves nothing running.`,
    )
    .option('--rate <n>', 'records per second that are generated; 0 = none', rate, GENTLE_RATE)
    .option('--replay <dir>', 'first replay the Olist files of this folder')
    .option('--once', 'with --replay and --out: only that, on free ports and a folder of its own')
    .option('--out <file>', "with --once: where the warehouse's rows go")
    .action(async (options: Options) => {
      if (options.once) {
        if (options.replay === undefined || options.out === undefined)
          throw new UsageError(
            '--once needs --replay and --out',
            'order-up start --replay DIR --once --out FILE',
          )
        return once(shell, {
          dir: options.replay,
          out: options.out,
          partitions: options.partitions,
          workers: options.workers,
          engine: options.engine,
          json: options.json ?? false,
        })
      }
      if (options.out !== undefined) throw new UsageError('--out is for --once')
      await start(shell, options)
    })

async function start(shell: Shell, options: Options): Promise<void> {
  const startedAt = Date.now()
  const progress = createProgress(shell, 0)
  const note = (line: string) =>
    progress.note(`[${((Date.now() - startedAt) / 1_000).toFixed(1)} s] ${line}`)
  const stack = await runStack(shell, options, note)
  const over = new AbortController()
  const signal = AbortSignal.any([shell.signal, over.signal])
  note(`Ready: Kafka ${stack.brokers}, registry ${stack.registryUrl}, ${ingestOf(stack)}`)
  for (const page of await webPages(stack)) note(page)
  const sending = send(shell, stack, options, signal)
  try {
    void firstOrder(stack.querySocket, startedAt, signal).then((id) => {
      if (id !== undefined) note(welcome(id))
    })
    await Promise.race([
      showLive(shell, stack, { progress, signal }),
      sending.then(() => new Promise<never>(() => {})), // its end is no reason to stop, its failure is
    ])
  } finally {
    over.abort()
    progress.note('Stopping')
    await Promise.allSettled([sending])
    await stack.stop()
  }
}

const ingestOf = ({ supervisor }: RunningStack) => {
  const { httpPort = null } = supervisor.status().find(({ name }) => name === 'ingest') ?? {}
  return `ingest http://127.0.0.1:${httpPort}/events`
}

/** A line for each worker with a web page of its own. */
async function webPages({ supervisor }: RunningStack): Promise<string[]> {
  const lines = supervisor.status().map(async ({ name, httpPort }) => {
    const page = httpPort === null ? null : webPageIn(await healthOf(httpPort))
    return page === null ? [] : [`The web page of ${name}: ${page}`]
  })
  return (await Promise.all(lines)).flat()
}

/** Sends what was asked for; ends at `signal`. */
async function send(
  shell: Shell,
  stack: RunningStack,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  const to = {
    kafka: createKafka(config, 'order-up.generator', silentLog()),
    registry: createRegistry(config.SCHEMA_REGISTRY_URL),
  }
  if (options.replay !== undefined)
    shell.err(`${replayText(await replay(shell, to, options.replay))}\n`)
  if (options.rate === 0) return
  const generate = GenerateOptions.parse({ rate: options.rate, seed: newSeed() })
  await runGenerator({ ...to, options: generate, signal })
}

const welcome = (order: string) => `The first order is in the warehouse: ${printable(order)}
  In another terminal:
    npm run order-up -- order ${printable(order)}
    npm run order-up -- query "SELECT STATUS, count(*), sum(PAID_AMOUNT) FROM ORDERS GROUP BY STATUS"
    npm run order-up -- verify
  Ctrl-C stops everything; the next \`npm start\` goes on from there.`
