import { isDeepStrictEqual } from 'node:util'
import type { Machine } from '../machine.ts'
import { MEASURES, JVM_HEAP, type Measure } from './contestants.ts'
import type { Sizes } from './plan.ts'
import { summariesOf, type Run, type Summary } from './summary.ts'
import { failureLines, RATIO_NOTE, shown, tableOf } from './table.ts'
import { verdictsOf, verdictTable } from './verdicts.ts'

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
  /** when each measure that is in it began, ISO 8601: one by one where they were run alone */
  measured: Readonly<Partial<Record<Measure, string>>>
  /** whether every run that was planned has ended, well or not */
  complete: boolean
  runs: readonly Run[]
}

/**
 * A run of some measures, with the others as a run before it has them: only where that was on the same machine, and as
 * much work.
 */
export function completedBy(report: Report, before: Report | undefined): Report {
  const alike = ({ machine, java, sizes }: Report) => ({ machine, java, sizes })
  if (!before?.complete || !isDeepStrictEqual(alike(report), alike(before))) return report
  const own = (measure: Measure) => report.measured[measure] !== undefined
  return {
    ...report,
    measured: { ...before.measured, ...report.measured },
    runs: [...before.runs.filter(({ measure }) => !own(measure)), ...report.runs],
  }
}

/** Those that a report has nothing of. */
export const missingMeasures = ({ measured }: Report): Measure[] =>
  MEASURES.filter((measure) => measured[measure] === undefined)

export const allSummaries = ({ runs }: Report): Summary[] =>
  MEASURES.flatMap((measure) => summariesOf(measure, runs))

const title = (measure: Measure, s: Sizes): string =>
  ({
    throughput:
      `**Throughput**: ${shown(s.orders * s.eventsPerOrder, 0)} events of ${shown(s.orders, 0)} orders in random ` +
      `order lie in raw; an engine that owns everything drains it. From the first tenth of the rows to the last ` +
      `commit under load; RSS and "with start" are of the whole run; idle: ${s.idleSeconds} s of nothing to do, afterwards.`,
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
session timeout of 6 s, which is the default here. "node" is one worker, which folds
on one core; with "all cores" it is one command as it comes. Its transport is kafkajs or native in throughput, as it says,
and elsewhere the default. In latency, Kafka Streams
commits every 100 ms, its default, and Flink does where it says so; its default here is 1 s, which is also what it has in
throughput and recovery.

What could not be: Node commits each batch of a partition and has no interval. After a kill, Node started again on the
same disk lets its predecessor leave the group; Kafka Streams comes back as the static member that it was, but where it
says "not static", and then its session has to time out; Flink has no group to come back to. State:
Node has a log of its own, and raw for a changelog; Kafka Streams RocksDB and a changelog topic, which is part of the
broker's CPU; Flink its heap or RocksDB, with checkpoints on the disk. JVMs still compile while the steady part runs,
which takes them some seconds. A heap that is there is used: the RSS of a JVM is what it was given, rather than what it
needs.`

const dayOf = (date: string) => date.slice(0, 10)

/** The section of the results' page, in markdown. */
export function sectionOf(report: Report): string {
  const { date, machine, java, sizes, measured } = report
  const summaries = allSummaries(report)
  const failures = failureLines(summaries)
  const tables = MEASURES.flatMap((measure) => {
    const at = measured[measure]
    if (at === undefined) return []
    const day = dayOf(at) === dayOf(date) ? '' : ` Measured on ${dayOf(at)}.`
    return [title(measure, sizes) + day, tableOf(measure, summaries)]
  })
  const spread = sizes.runs > 1 ? `Medians of ${sizes.runs} runs (least–most)` : 'One run'
  return [
    '## The engines on one log',
    '![The engines compared](engines.svg)',
    `\`npm run bench engines\` on ${dayOf(date)}: ${machineLine(machine, java)}. ${spread}; ${RATIO_NOTE}.`,
    ...tables,
    '**Node against its targets**, by these medians:',
    verdictTable(verdictsOf(summaries)),
    ...(failures.length > 0 ? [`Runs without figures:\n\n${failures.join('\n')}`] : []),
    HELD_EQUAL,
  ].join('\n\n')
}

export const machineLine = (
  { cpu = 'unknown CPU', cores, memoryGiB, os, node }: Machine,
  java: string | undefined,
) =>
  `${cores} cores of ${cpu}, ${memoryGiB} GiB, ${os}, Node ${node}${java ? `, Java ${java}` : ''}`
