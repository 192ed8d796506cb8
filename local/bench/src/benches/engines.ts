import { execFile } from 'node:child_process'
import { writeFile, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { messageOf } from '@order-up/kit'
import { ENGINES, type Engine } from '@order-up/schemas'
import { provideEngine, type EngineProgram } from '@order-up/stack'
import type { Bench, BenchOptions } from '../bench.ts'
import { JVM_HEAP, MEASURES, type Measure } from '../engines/contestants.ts'
import { outcomeOf, runHeat, type Measuring, type Programs } from '../engines/heat.ts'
import { latency } from '../engines/latency.ts'
import { pictureOf } from '../engines/picture.ts'
import { forecastSeconds, FULL, heatsOf, QUICK, type Sizes } from '../engines/plan.ts'
import { prepareRecovery, Recoveries } from '../engines/recovery.ts'
import { completedBy, missingMeasures, sectionOf, type Report } from '../engines/report.ts'
import type { Run } from '../engines/summary.ts'
import { Testbed } from '../engines/testbed.ts'
import { prepareThroughput, throughput } from '../engines/throughput.ts'
import { resultFile, runFile, runFiles, thisMachine } from '../machine.ts'
import { withSection } from '../page.ts'

export const engines: Bench = {
  name: 'engines',
  about:
    'Node, Flink (heap, RocksDB) and Kafka Streams on the same log: events/s, CPU, memory, latency, kill -9',
  async run(say, options) {
    const interrupt = new AbortController()
    const onSignal = (signal: NodeJS.Signals) => {
      if (interrupt.signal.aborted) process.exit(130) // all children end with this process
      say(`${signal}: stopping what runs`)
      interrupt.abort(new Error(signal))
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    try {
      await compare(say, options, interrupt.signal)
    } catch (error) {
      if (!interrupt.signal.aborted) throw error
      process.exit(130)
    } finally {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
    return undefined
  },
}

async function compare(say: Say, { quick, runs, only }: BenchOptions, signal: AbortSignal) {
  const base = quick ? QUICK : FULL
  const sizes = { ...base, runs: runs ?? base.runs }
  const measures = MEASURES.filter((measure) => only?.includes(measure) ?? true)
  const minutes = Math.ceil(forecastSeconds(sizes.runs, measures) / 60)
  if (!quick) say(`about ${minutes} minutes on two cores`)
  const programs = await providePrograms(say, signal)
  const report: Report = {
    name: engines.name,
    about: engines.about,
    date: new Date().toISOString(),
    machine: thisMachine(),
    java: await javaVersion(programs),
    sizes,
    measured: {},
    complete: false,
    runs: [],
  }
  for (const measure of measures) {
    report.measured = { ...report.measured, [measure]: new Date().toISOString() }
    await runMeasure(measure, { sizes, programs, say, signal }, async (run) => {
      report.runs = [...report.runs, run]
      if (!quick) await keepRuns(report)
    })
  }
  report.complete = true
  if (quick) {
    process.stdout.write(`**QUICK: these figures say nothing**\n\n${sectionOf(report)}\n`)
    return
  }
  const completed = completedBy(report, await lastReport(report.date))
  process.stdout.write(`${sectionOf(completed)}\n`)
  await keepRuns(completed)
  const missing = missingMeasures(completed)
  if (missing.length > 0) {
    say(`the page stays as it is: no run on this machine, of this size, has ${missing.join(', ')}`)
    return
  }
  await writeFile(resultFile('engines.svg'), pictureOf(completed))
  const page = resultFile('README.md')
  await writeFile(
    page,
    withSection(await readFile(page, 'utf8'), report.name, sectionOf(completed)),
  )
}

/** The last one that is kept from before a time. */
async function lastReport(before: string): Promise<Report | undefined> {
  const files = runFiles(engines.name).filter((file) => file < runFile(engines.name, before))
  const last = files.at(-1)
  return last === undefined ? undefined : (JSON.parse(await readFile(last, 'utf8')) as Report)
}

const keepRuns = (report: Report) =>
  writeFile(runFile(report.name, report.date), `${JSON.stringify(report, null, 2)}\n`)

type Say = (line: string) => void

async function providePrograms(onProgress: Say, signal: AbortSignal): Promise<Programs> {
  const programs = new Map<Engine, EngineProgram | Error>()
  const env = { ...process.env, ENGINE_JAVA_OPTIONS: `-Xmx${JVM_HEAP}` }
  for (const engine of ENGINES) {
    const provided = await provideEngine(engine, { env, onProgress, signal }).catch(
      (error: unknown) => new Error(messageOf(error), { cause: error }),
    )
    signal.throwIfAborted()
    if (provided instanceof Error) onProgress(provided.message)
    programs.set(engine, provided)
  }
  return programs
}

/** Of the java that the JVM engines run on. */
async function javaVersion(programs: Programs): Promise<string | undefined> {
  for (const provided of programs.values()) {
    const java = provided instanceof Error ? undefined : provided.program.command
    if (java === undefined) continue
    const { stderr } = await promisify(execFile)(java, ['-version'])
    return /version "([^"]+)"/.exec(stderr)?.[1]
  }
  return undefined
}

interface Field {
  sizes: Sizes
  programs: Programs
  say: Say
  signal: AbortSignal
}

async function runMeasure(
  measure: Measure,
  { sizes, programs, say, signal }: Field,
  onRun: (run: Run) => Promise<void>,
): Promise<void> {
  say(`${measure}: starting a stack, filling its log`)
  await using bed = await Testbed.open()
  signal.throwIfAborted()
  const recoveries = new Recoveries()
  const measures: Record<Measure, Measuring> = {
    throughput: { prepare: prepareThroughput, once: throughput },
    latency: { prepare: () => Promise.resolve(), once: latency },
    recovery: { prepare: prepareRecovery, once: (lane) => recoveries.measure(lane) },
  }
  const measuring = measures[measure]
  await measuring.prepare(bed, { sizes, signal })
  for (const heat of heatsOf(measure, sizes.runs)) {
    signal.throwIfAborted()
    say(`${measure}, round ${heat.round} of ${sizes.runs}: ${heat.contestant.name}`)
    const run = await runHeat(heat, measuring, { bed, sizes, programs, signal })
    signal.throwIfAborted()
    say(`  ${outcomeOf(run)}`)
    await onRun(run)
  }
}
