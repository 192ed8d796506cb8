import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Bench, Figures } from './bench.ts'
import { codec, foldBench } from './benches/codec.ts'
import { engine, engineLocal } from './benches/engine.ts'
import { engines } from './benches/engines.ts'
import { growth } from './benches/growth.ts'
import { latency } from './benches/latency.ts'
import { parity } from './benches/parity.ts'
import { producer } from './benches/producer.ts'
import { million, tenMillion } from './benches/state.ts'
import { stages } from './benches/stages.ts'
import { store } from './benches/store.ts'
import { MEASURES } from './engines/contestants.ts'
import { runFile, thisMachine } from './machine.ts'

const BENCHES: readonly Bench[] = [
  codec,
  foldBench,
  engine,
  engineLocal,
  latency,
  million,
  tenMillion,
  store,
  engines,
  growth,
  stages,
  parity,
  producer,
]

const HELP = `npm run bench -- [names] [--quick] [--runs N] [--only measures]

Runs all benchmarks, or those named, one after another, and keeps the figures in local/bench/results.

${BENCHES.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}

For engines, growth and stages alone:
  --only M,M   engines: of ${MEASURES.join(', ')}: the others stay on the page as a run before has them
  --runs N     how often each figure is measured, at least 1; medians are shown (default: engines 3, others 1)
  --quick      little work, once, and nothing is kept: to see that it works
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const unknown = positionals.find((name) => !BENCHES.some((bench) => bench.name === name))
if (unknown) refuse(`no benchmark is called ${unknown}`)
const runs = values.runs === undefined ? undefined : Number(values.runs)
if (runs !== undefined && !(Number.isInteger(runs) && runs > 0))
  refuse(`--runs ${values.runs}: a whole number from 1 on`)
const only = values.only?.split(',')
const noMeasure = only?.find((name) => !MEASURES.some((measure) => measure === name))
if (noMeasure !== undefined) refuse(`--only ${noMeasure}: one or more of ${MEASURES.join(',')}`)
const options = { quick: values.quick, runs, only }

const chosen = BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
for (const bench of chosen) {
  process.stderr.write(`\n${bench.name}: ${bench.about}\n`)
  const figures = await bench.run((line) => process.stderr.write(`  … ${line}\n`), options)
  if (figures) keep(bench, figures)
}
process.exit(0)

function refuse(why: string): never {
  process.stderr.write(`${why}\n\n${HELP}`)
  process.exit(2)
}

function keep({ name, about }: Bench, figures: Figures): void {
  for (const [figure, value] of Object.entries(figures))
    process.stdout.write(`  ${figure.padEnd(34)} ${value.toLocaleString('en')}\n`)
  const date = new Date().toISOString()
  const result = { name, about, date, machine: thisMachine(), figures }
  writeFileSync(runFile(name, date), `${JSON.stringify(result, null, 2)}\n`)
}
