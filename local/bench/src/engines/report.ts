import type { Machine } from '../machine.ts'
import { MEASURES, JVM_HEAP, type Measure } from './contestants.ts'
import type { Sizes } from './plan.ts'
import { summariesOf, type Run, type Summary } from './summary.ts'
import { failureLines, RATIO_NOTE, shown, tableOf } from './table.ts'

/** All that a run of the benchmark has found, as it is kept. */
export interface Report {
  name: string
  about: string
  /** when it began, ISO 8601 */
  date: string
  machine: Machine
  /** as the JVM engines' java says it; undefined while none was found */
  java: string | undefined
  sizes: Sizes
  /** whether every run that was planned has ended, well or not */
  complete: boolean
  runs: readonly Run[]
}

export const allSummaries = ({ runs }: Report): Summary[] =>
  MEASURES.flatMap((measure) => summariesOf(measure, runs))

const title = (measure: Measure, s: Sizes): string =>
  ({
    throughput:
      `**Throughput**: ${shown(s.orders * s.eventsPerOrder, 0)} events of ${shown(s.orders, 0)} orders in random ` +
      `order lie in raw; an engine that owns everything drains it. From the first tenth of the rows to the last ` +
      `commit under load; RSS and "with start" are of the whole run.`,
    latency:
      `**Latency** at ${shown(s.rate, 0)} events/s: from an event's making to a read_committed reader, ` +
      `${s.measuredSeconds} s after ${s.warmUpSeconds} s of warm-up.`,
    recovery:
      `**Recovery**: from kill -9, with ${shown(s.ordersInState, 0)} orders in state and ${s.killRate} events/s ` +
      `coming, to the next row that a read_committed reader sees, and to one of every partition. The engine is ` +
      `started again at once.`,
  })[measure]

const HELD_EQUAL = `What was held equal: the log and its 4 partitions, the broker (the local stack's: one JVM with 512 MB of heap), the
registry, the machine; each engine alone, in turns; exactly once, one row for each event, with its headers. What counts
is what a read_committed reader sees: the last stable offset of curated, and its rows. The JVM engines have ${JVM_HEAP} of heap
and as many threads as there are cores; all else is what each engine has by default. Node and Kafka Streams have a
session timeout of 6 s, which is the default here; Kafka's own, 45 s, has a row of its own. In latency, Kafka Streams
commits every 100 ms, its default, and Flink does where it says so; its default here is 1 s, which is also what it has in
throughput and recovery.

What could not be: Node commits each batch of a partition and has no interval. One Node worker folds on one core; "2
workers" has both, as the JVM engines do. After a kill, Node's session has to time out, since kafkajs has no static
membership; Kafka Streams comes back as the static member that it was, and Flink has no group to come back to. State:
Node has a file of its own, and raw for a changelog; Kafka Streams RocksDB and a changelog topic, which is part of the
broker's CPU; Flink its heap or RocksDB, with checkpoints on the disk. JVMs still compile while the steady part runs,
which takes them some seconds. A heap that is there is used: the RSS of a JVM is what it was given, rather than what it
needs.`

/** The section of the results' page, in markdown. */
export function sectionOf(report: Report): string {
  const { date, machine, java, sizes } = report
  const summaries = allSummaries(report)
  const failures = failureLines(summaries)
  const tables = MEASURES.flatMap((measure) => [title(measure, sizes), tableOf(measure, summaries)])
  const spread = sizes.runs > 1 ? `Medians of ${sizes.runs} runs (least–most)` : 'One run'
  return [
    '## The engines on one log',
    '![The engines compared](engines.svg)',
    `\`npm run bench engines\` on ${date.slice(0, 10)}: ${machineLine(machine, java)}. ${spread}; ${RATIO_NOTE}.`,
    ...tables,
    ...(failures.length > 0 ? [`Runs without figures:\n\n${failures.join('\n')}`] : []),
    HELD_EQUAL,
  ].join('\n\n')
}

export const machineLine = (
  { cpu = 'unknown CPU', cores, memoryGiB, os, node }: Machine,
  java: string | undefined,
) =>
  `${cores} cores of ${cpu}, ${memoryGiB} GiB, ${os}, Node ${node}${java ? `, Java ${java}` : ''}`

const BEGIN = '<!-- engines: written by `npm run bench engines` -->'
const END = '<!-- engines: end -->'

/** The page with this report's section in place of the one it has, or at its end. */
export function withSection(page: string, report: Report): string {
  const section = `${BEGIN}\n\n${sectionOf(report)}\n\n${END}`
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin === -1 || end < begin) return `${page.trimEnd()}\n\n${section}\n`
  return page.slice(0, begin) + section + page.slice(end + END.length)
}
