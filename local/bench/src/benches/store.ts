import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Bench, Figures } from '../bench.ts'
import type { StoreFigures } from '../store/measure.ts'

const MEASURE = fileURLToPath(new URL('../store/measure.ts', import.meta.url))

/** [what is shown, as measure.ts knows it, of how many orders] */
const STORES = [
  ['Map of Buffers', 'map', [10_000, 1_000_000]],
  ['log in memory', 'memory', [10_000, 1_000_000, 10_000_000]],
  ['log, 256 MiB of it in memory', 'disk', [1_000_000, 10_000_000]],
] as const

/** The engine's state store by itself, beside the least that a state in memory can cost. */
export const store: Bench = {
  name: 'store',
  about:
    'the state store alone: random updates and reads of 10k, 1M and 10M orders, and opening it',
  async run(say, { quick }) {
    const figures: Figures = {}
    for (const [name, kind, sizes] of STORES) {
      for (const orders of sizes.filter((size) => !quick || size < 1_000_000)) {
        // each in a process of its own, for its memory
        const { stdout } = await promisify(execFile)(process.execPath, [MEASURE, kind, `${orders}`])
        const found = JSON.parse(stdout) as StoreFigures
        say(`${name}, ${orders} orders: ${Object.values(found).join(' | ')}`)
        for (const [figure, value] of Object.entries(found))
          figures[`${name}, ${orders.toLocaleString('en')}: ${figure}`] = value
      }
    }
    return figures
  },
}
