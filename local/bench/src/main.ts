import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Bench, Figures } from './bench.ts'
import { codec, foldBench } from './benches/codec.ts'
import { engine, engineLocal } from './benches/engine.ts'
import { latency } from './benches/latency.ts'
import { million, tenMillion } from './benches/state.ts'

const BENCHES: readonly Bench[] = [
  codec,
  foldBench,
  engine,
  engineLocal,
  latency,
  million,
  tenMillion,
]

const HELP = `npm run bench -- [names]

Runs all benchmarks, or those named, one after another, and keeps the figures in local/bench/results.

${BENCHES.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const unknown = positionals.find((name) => !BENCHES.some((bench) => bench.name === name))
if (unknown) {
  process.stderr.write(`no benchmark is called ${unknown}\n\n${HELP}`)
  process.exit(2)
}

const chosen = BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
for (const bench of chosen) {
  process.stderr.write(`\n${bench.name}: ${bench.about}\n`)
  const figures = await bench.run((line) => process.stderr.write(`  … ${line}\n`))
  for (const [name, value] of Object.entries(figures))
    process.stdout.write(`  ${name.padEnd(34)} ${value.toLocaleString('en')}\n`)
  keep(bench, figures)
}
process.exit(0)

/** Each run is a file: figures are compared between runs, never with a limit. */
function keep({ name, about }: Bench, figures: Figures): void {
  const dir = fileURLToPath(new URL('../results', import.meta.url))
  const date = new Date().toISOString()
  const machine = {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${arch()}`,
    node: process.version,
  }
  mkdirSync(dir, { recursive: true })
  const file = `${dir}/${date.slice(0, 19).replaceAll(':', '')}-${name}.json`
  writeFileSync(file, `${JSON.stringify({ name, about, date, machine, figures }, null, 2)}\n`)
}
