import { setTimeout } from 'node:timers/promises'
import { Command } from 'commander'
import type { ControlRecord } from '@order-up/control'
import { readShares, readVerdict } from '@order-up/control/operations'
import { groupOffsets, messageOf, watermarksOf, type Watermarks } from '@order-up/kit'
import {
  CURATED_TOPIC,
  DLQ_TOPIC,
  RAW_TOPIC,
  SINK_GROUP,
  engineGroup,
  type SharesRecord,
} from '@order-up/schemas'
import { healthOf, webPageIn, type Run } from '@order-up/stack'
import type { Admin } from 'kafkajs'
import { verdictsOf } from '../comparer.ts'
import { sharesText } from '../engine-choice.ts'
import {
  deploymentsOf,
  engineLines,
  engineTable,
  swapLine,
  verdictLine,
  verdictText,
  type EngineLine,
  type SwapLine,
  type VerdictLine,
} from '../engine-lines.ts'
import { readEngines } from '../engines-file.ts'
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
  /** the main owner before the last cutover, to which the way back is open; null = there is none, or it is not known */
  previous: string | null
  /** all that own or run, by id */
  engines: EngineLine[]
  /** null = none is in progress, or it is not known */
  swap: SwapLine | null
  /** on the two that run; null = fewer run, or there is none yet */
  verdict: VerdictLine | null
  /** what is wrong with files of the data folder, in words */
  problems: string[]
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
      const engines = run?.engines ?? []
      const ofFolder = run ? lookAtFolder(dataDir, engines) : { verdict: null, problems: [] }
      const answers = withAdmin(reached, async (admin) => {
        const record = await readShares(reached.kafka)
        const { deployments, owner } = deploymentsOf(record, engines)
        const topics = await Promise.all(readingsOf(deployments).map((one) => look(admin, one)))
        const figures = await collectFigures(admin, workers, { deployments, owner, querySocket })
        return { kafka: null, ...ofRecord(record), topics: topics.flat(), figures, record }
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
          const nothing = { ...ofRecord(null), topics: [], figures: UNKNOWN_FIGURES, record: null }
          return { kafka: messageOf(error), ...nothing }
        },
      )
      const { record, ...known } = ofKafka
      const status: Status = {
        pid: run?.pid ?? null,
        dataDir,
        brokers: config.KAFKA_BROKERS.join(','),
        registryUrl: config.SCHEMA_REGISTRY_URL,
        workers: await ofWorkers,
        engines: engineLines(record, engines, known.figures.engineLags),
        ...(await ofFolder),
        ...known,
      }
      answer(shell, options.json ?? false, status, statusText)
    })

const ofRecord = (record: ControlRecord | null) => ({
  shares: record && { epoch: record.epoch, shares: record.shares },
  previous: record?.previous ?? null,
  swap: swapLine(record),
})

/** The comparer's verdict on those that run, and what is wrong with what is to run. */
async function lookAtFolder(
  dataDir: string,
  engines: Run['engines'],
): Promise<Pick<Status, 'verdict' | 'problems'>> {
  const problems: string[] = []
  const orProblem = <T>(attempt: Promise<T>) =>
    attempt.catch((error: unknown): undefined => void problems.push(messageOf(error)))
  const ids = engines.map(({ deployment }) => deployment)
  const [found] = await Promise.all([
    ids.length === 2 ? orProblem(readVerdict(verdictsOf(dataDir), ids)) : undefined,
    orProblem(readEngines(dataDir)),
  ])
  return { verdict: found ? verdictLine(found, engines, Date.now()) : null, problems }
}

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

function statusText(status: Status): string {
  const { pid, dataDir, brokers, registryUrl, workers, kafka } = status
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
    kafka === null ? epochText(status) : `Kafka: unknown, ${kafka}`,
    '',
    ...enginesText(status),
    ...(kafka === null ? topicsText(status) : []),
  ].join('\n')
}

const epochText = ({ shares }: Status) =>
  shares === null ? 'No epoch was ever written: no engine may work yet' : sharesText(shares)

function enginesText({ engines, swap, verdict, problems }: Status): string[] {
  const running = engines.filter(({ state }) => state !== null)
  return [
    engineTable(engines),
    ...(swap === null ? [] : [`${swap.stands}: ${swap.next}`]),
    ...(verdict === null
      ? running.length === 2
        ? ['no verdict yet']
        : []
      : [verdictText(verdict)]),
    ...problems,
    '',
  ]
}

const topicsText = ({ topics, figures }: Status) => [
  textTable(
    ['topic', 'partition', 'low', 'high', 'reader', 'read to'],
    topics.map((t) => [t.topic, t.partition, t.low, t.high, t.reader, t.committed]),
  ),
  '',
  figuresLine(figures),
  `applied, duplicate and dead letter count since the workers of ${figures.accountedBy ?? 'the engine'} started, the latency since the sink's start`,
]
