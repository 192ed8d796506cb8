import { setTimeout } from 'node:timers/promises'
import { Command } from 'commander'
import { ownersIn } from '@order-up/control'
import { readShares } from '@order-up/control/operations'
import { groupOffsets, messageOf, watermarksOf, type Watermarks } from '@order-up/kit'
import {
  CURATED_TOPIC,
  DLQ_TOPIC,
  RAW_TOPIC,
  SINK_GROUP,
  engineGroup,
  type SharesRecord,
} from '@order-up/schemas'
import { healthOf, webPageIn } from '@order-up/stack'
import type { Admin } from 'kafkajs'
import { sharesText } from '../engine-choice.ts'
import { collectFigures, figuresLine, UNKNOWN_FIGURES, type Figures } from '../figures.ts'
import { addReachOptions, reach, withAdmin, type ReachOptions } from '../reach.ts'
import { EXIT, answer, type Shell } from '../shell.ts'
import { textTable } from '../text-table.ts'

interface TopicPartition {
  topic: string
  partition: number
  low: number
  high: number
  /** a deployment, or the sink; null = nobody does */
  reader: string | null
  /** the reader's next offset; null where it has not committed any */
  committed: number | null
}

interface WorkerLine {
  name: string
  state: string
  pid: number | null
  httpPort: number | null
  restarts: number
  lastEnd: string | null
  /** null = has no health port */
  healthy: boolean | null
  /** of its own, as Flink's; null = it has none */
  webPage: string | null
}

interface Status {
  /** null = not the stack of this data folder */
  pid: number | null
  dataDir: string
  brokers: string
  registryUrl: string
  workers: WorkerLine[]
  /** why nothing of Kafka is known; null = it answers */
  kafka: string | null
  /** the newest epoch; null = none was ever written, or Kafka does not answer */
  shares: Pick<SharesRecord, 'epoch' | 'shares'> | null
  topics: TopicPartition[]
  figures: Figures
}

/** Whoever asks for the status of a broker that hangs needs an answer, not its time-out. */
const KAFKA_MS = 5_000

export const statusCommand = (shell: Shell) =>
  addReachOptions(new Command('status'))
    .summary('what runs, where it is, how far behind')
    .description(
      'Shows the stack, its workers, the offsets of topics and readers, and the accounting.',
    )
    .action(async (options: ReachOptions) => {
      const reached = await reach(shell, options)
      const { run, dataDir, config, querySocket } = reached
      const workers = run?.workers ?? []
      const ofWorkers = Promise.all(
        workers.map(async (w): Promise<WorkerLine> => {
          if (w.httpPort === null) return { ...w, healthy: null, webPage: null }
          const health = await healthOf(w.httpPort)
          return { ...w, healthy: health?.healthy ?? false, webPage: webPageIn(health) }
        }),
      )
      const answers = withAdmin(reached, async (admin) => {
        const record = await readShares(reached.kafka)
        const deployments = record ? ownersIn(record.shares) : []
        const topics = await Promise.all(readingsOf(deployments).map((one) => look(admin, one)))
        const figures = await collectFigures(admin, workers, { deployments, querySocket })
        const shares = record && { epoch: record.epoch, shares: record.shares }
        return { kafka: null, shares, topics: topics.flat(), figures }
      })
      const tooLate = async () => {
        await setTimeout(KAFKA_MS, undefined, { ref: false })
        throw new Error(`no answer within ${KAFKA_MS / 1_000} s`)
      }
      // where no stack runs there is nothing else to show, and the error says it all
      const ofKafka = await (run ? Promise.race([answers, tooLate()]) : answers).catch(
        (error: unknown) => {
          if (!run) throw error
          shell.exitCode = EXIT.failed
          return { kafka: messageOf(error), shares: null, topics: [], figures: UNKNOWN_FIGURES }
        },
      )
      const status: Status = {
        pid: run?.pid ?? null,
        dataDir,
        brokers: config.KAFKA_BROKERS.join(','),
        registryUrl: config.SCHEMA_REGISTRY_URL,
        workers: await ofWorkers,
        ...ofKafka,
      }
      answer(shell, options.json ?? false, status, statusText)
    })

/** Who reads a topic, by which group; a topic that nobody reads is shown all the same. */
interface Reading {
  topic: string
  reader: string | null
  group?: string
}

function readingsOf(deployments: readonly string[]): Reading[] {
  const raw = deployments.map((id) => ({ topic: RAW_TOPIC, reader: id, group: engineGroup(id) }))
  return [
    ...(raw.length > 0 ? raw : [{ topic: RAW_TOPIC, reader: null }]),
    { topic: CURATED_TOPIC, reader: 'sink', group: SINK_GROUP },
    { topic: DLQ_TOPIC, reader: null },
  ]
}

async function look(admin: Admin, { topic, reader, group }: Reading): Promise<TopicPartition[]> {
  const offsets: (Watermarks & { committed?: number | undefined })[] =
    group === undefined ? await watermarksOf(admin, topic) : await groupOffsets(admin, group, topic)
  return offsets.map(({ committed = null, ...marks }) => ({ topic, ...marks, reader, committed }))
}

function statusText({
  pid,
  dataDir,
  brokers,
  registryUrl,
  workers,
  kafka,
  shares,
  topics,
  figures,
}: Status): string {
  return [
    pid === null ? `Kafka ${brokers}` : `The stack runs (pid ${pid}) on ${dataDir}`,
    `Kafka ${brokers}, registry ${registryUrl}`,
    '',
    textTable(
      ['worker', 'state', 'pid', 'port', 'healthy', 'restarts', 'last end'],
      workers.map((w) => [w.name, w.state, w.pid, w.httpPort, w.healthy, w.restarts, w.lastEnd]),
    ),
    ...workers.flatMap(({ name, webPage }) => (webPage === null ? [] : `${name}: ${webPage}`)),
    '',
    ...(kafka === null ? answered(shares, topics, figures) : [`Kafka: unknown, ${kafka}`]),
  ].join('\n')
}

const answered = (
  shares: Status['shares'],
  topics: readonly TopicPartition[],
  figures: Figures,
) => [
  shares === null ? 'No epoch was ever written: no engine may work yet' : sharesText(shares),
  '',
  textTable(
    ['topic', 'partition', 'low', 'high', 'reader', 'read to'],
    topics.map((t) => [t.topic, t.partition, t.low, t.high, t.reader, t.committed]),
  ),
  '',
  figuresLine(figures),
  "applied, duplicate and dead letter count since the engine's workers started, the latency since the sink's start",
]
