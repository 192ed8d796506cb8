import { FULL } from './plan.ts'
import type { Report } from './report.ts'
import type { Run } from './summary.ts'

const of =
  (measure: Run['measure']) =>
  (contestant: string, ...values: NonNullable<Run['figures']>[]) =>
    values.map((figures, i): Run => ({ measure, contestant, round: i + 1, seconds: 9, figures }))

const throughput = of('throughput')
const latency = of('latency')
const recovery = of('recovery')

const drained = (perSecond: number, cpu: number, broker: number, rss: number) => ({
  'events/s': perSecond,
  'CPU-s per 1M': cpu,
  'broker CPU-s per 1M': broker,
  'CPU-s per 1M with start': cpu + 2,
  'peak RSS MiB': rss,
  'idle % of a core': rss / 1_000,
})
const seen = (p50: number, p99: number) => ({
  'p50 ms': p50,
  'p99 ms': p99,
  'max ms': p99 + 10,
  '% of a core': 20,
})

/** Figures made up: three runs of some, one failure. */
export const madeUp: Report = {
  name: 'engines',
  about: 'the engines',
  date: '2026-01-02T03:04:05.678Z',
  machine: { cpu: 'A&B <C>', cores: 2, memoryGiB: 24, os: 'linux x64', node: 'v24.0.0' },
  java: '17.0.1',
  sizes: FULL,
  measured: {
    throughput: '2026-01-02T03:04:05.678Z',
    latency: '2026-01-02T03:14:05.678Z',
    recovery: '2026-01-02T03:24:05.678Z',
  },
  complete: true,
  runs: [
    ...throughput(
      'node',
      drained(40_000, 30, 7, 700),
      drained(44_000, 29.04, 6.5, 690),
      drained(41_000, 29.5, 7, 720),
    ),
    ...throughput(
      'flink heap',
      drained(200_000, 12, 3, 1_400),
      drained(246_000, 11, 3, 1_500),
      drained(220_000, 11.5, 3, 1_450),
    ),
    ...throughput('kafka streams', drained(123_000, 17, 5, 900)),
    {
      measure: 'throughput',
      contestant: 'flink RocksDB',
      round: 1,
      seconds: 3,
      failure: 'no\n  RocksDB <here> | there',
    },
    ...latency('node', seen(12, 50), seen(13, 54), seen(14, 52)),
    ...latency('flink heap, 1 s', seen(520, 1_020)),
    ...recovery('node', { 'first row s': 7, 'every partition s': 7.25 }),
    {
      measure: 'recovery',
      contestant: 'flink RocksDB',
      round: 1,
      seconds: 3,
      failure: 'no\n  RocksDB <here> | there',
    },
  ],
}
