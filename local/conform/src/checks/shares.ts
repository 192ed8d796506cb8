import { bucketOf } from '@order-up/schemas'
import { must, type Check } from '../check.ts'
import type { Bench } from '../bench.ts'
import { generated } from '../raw-records.ts'

const HALF: [number, number][] = [[0, 49]]
const OTHER_HALF: [number, number][] = [
  [0, 9],
  [50, 99],
]

/** So many records of all kinds, of which some have no key. */
function* someRecords(bench: Bench, orders: number) {
  const mix = { seed: bench.random.uint32(), orders, duplicates: 0.05, late: 0.1, malformed: 0.2 }
  yield* generated(mix, bench.target, Date.now)
  for (let partition = 0; partition < bench.target.partitions; partition++)
    yield {
      key: null,
      value: Buffer.from('no key'),
      partition,
      meaning: { is: 'rejected', reason: 'framing' } as const,
    }
}

export const epochs: Check = {
  name: 'epochs',
  about:
    'every epoch is followed while running and reported; rows and dead letters go to curated by bucket, else to shadow; a change loses and doubles nothing',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const load = bench.load()
    await bench.progress(500)
    await bench.shares.write(HALF)
    await bench.epochTaken()
    await bench.progress(500)
    await bench.shares.write([])
    await bench.epochTaken()
    await bench.progress(500)
    await load.stop()
    // while it changed, a row may have gone either way: but one way
    await bench.judge(() => 'either')

    await bench.write([...someRecords(bench, 100)]) // owns nothing
    const none = await bench.judge()
    must(
      none.outputs.every(({ isShadow }) => isShadow),
      'expected all to shadow',
    )
    await bench.shares.write(OTHER_HALF)
    await bench.epochTaken()
    await bench.write([...someRecords(bench, 200)])
    const { outputs } = await bench.judge()
    const isNull = outputs.filter(({ key }) => key === null)
    must(
      isNull.length >= bench.target.partitions && outputs.some(({ isShadow }) => isShadow),
      `the check itself wrote no null keys or nothing for the shadow (bucket ${bucketOf(null)})`,
    )
  },
}

export const restart: Check = {
  name: 'restart',
  about:
    'SIGTERM commits, puts all away and exits with 0; the next start acts on the epoch written meanwhile from its first record on',
  async run(bench) {
    await bench.ready()
    await bench.write([...someRecords(bench, 100)])
    await bench.judge()
    await bench.engines.stopAll()
    await bench.shares.write(HALF)
    await bench.write([...someRecords(bench, 100)])
    await bench.engines.start('a')
    await bench.epochTaken()
    await bench.judge()
    await bench.write([...someRecords(bench, 50)])
    await bench.judge()
  },
}
