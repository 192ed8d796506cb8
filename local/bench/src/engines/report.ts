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

const HELD_EQUAL = `Held equal: the log and its 4 partitions, the broker (the local stack's: one JVM, 512 MB heap), the registry, the
machine; each engine alone, in turns, on everything that it ships as default; exactly once, one row for each event, with
its headers; what counts is what a read_committed reader sees (the last stable offset of curated). The JVM engines have
${JVM_HEAP} of heap and a thread for each core. Node and Kafka Streams have a session timeout of 6 s where nothing else is said
(Kafka Streams' own default is 45 s). In latency, Kafka Streams commits every 100 ms, which is its default, and Flink
where 100 ms are named (its own default here is 1 s).

What could not be held equal: Node commits each batch of a partition and has no interval to set. One Node worker folds on
one core; "2 workers" has both, as the JVM engines have. Flink has no consumer group, so no session has to time out
after a kill. State: Node keeps a file of its own, with raw as its changelog; Kafka Streams RocksDB and a changelog topic;
Flink its heap or RocksDB, with checkpoints on the disk. JVMs still compile during the steady part, which takes them
seconds.`

/** The section of the results' page, in markdown. */
export function sectionOf(report: Report): string {
  const { date, machine, java, sizes } = report
  const summaries = allSummaries(report)
  const failures = failureLines(summaries)
  const tables = MEASURES.flatMap((measure) => [title(measure, sizes), tableOf(measure, summaries)])
  return [
    `\`npm run bench engines\` on ${date.slice(0, 10)}: ${machineLine(machine, java)}. Medians of ${sizes.runs} ` +
      `runs${sizes.runs > 1 ? ' (least–most)' : ''}; ${RATIO_NOTE}.`,
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
