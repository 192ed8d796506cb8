import { Command } from 'commander'
import { setTimeout } from 'node:timers/promises'
import { groupOffsets, messageOf, watermarksOf, type Watermarks } from '@order-up/kit'
import { CURATED_TOPIC, DLQ_TOPIC, RAW_TOPIC, SINK_GROUP, engineGroup } from '@order-up/schemas'
import { isHealthy } from '../health.ts'
import { collectFigures, figuresLine, UNKNOWN_FIGURES, type Figures } from '../figures.ts'
import { DEPLOYMENT } from '../pipeline.ts'
import { addReachOptions, reach, withAdmin, type ReachOptions } from '../reach.ts'
import { EXIT, answer, type Shell } from '../shell.ts'
import { textTable } from '../text-table.ts'

interface TopicPartition {
  topic: string
  partition: number
  low: number
  high: number
  /** the next offset of the group that reads it; null where none reads or it has not committed */
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
        workers.map(async (w) => ({
          ...w,
          healthy: w.httpPort === null ? null : await isHealthy(w.httpPort),
        })),
      )
      const answers = withAdmin(reached, async (admin) => {
        const readers = new Map([
          [RAW_TOPIC, engineGroup(DEPLOYMENT)],
          [CURATED_TOPIC, SINK_GROUP],
        ])
        const topics = await Promise.all(
          [RAW_TOPIC, CURATED_TOPIC, DLQ_TOPIC].map(async (topic) => {
            const group = readers.get(topic)
            const offsets: (Watermarks & { committed?: number | undefined })[] = group
              ? await groupOffsets(admin, group, topic)
              : await watermarksOf(admin, topic)
            return offsets.map(({ committed = null, ...marks }) => ({ topic, ...marks, committed }))
          }),
        )
        const figures = await collectFigures(admin, workers, {
          deployment: DEPLOYMENT,
          querySocket,
        })
        return { kafka: null, topics: topics.flat(), figures }
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
          return { kafka: messageOf(error), topics: [], figures: UNKNOWN_FIGURES }
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

function statusText({
  pid,
  dataDir,
  brokers,
  registryUrl,
  workers,
  kafka,
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
    '',
    ...(kafka === null ? answered(topics, figures) : [`Kafka: unknown, ${kafka}`]),
  ].join('\n')
}

const answered = (topics: readonly TopicPartition[], figures: Figures) => [
  textTable(
    ['topic', 'partition', 'low', 'high', 'read to'],
    topics.map((t) => [t.topic, t.partition, t.low, t.high, t.committed]),
  ),
  '',
  figuresLine(figures),
  "applied, duplicate and dead letter count since the engine's workers started, the latency since the sink's start",
]
