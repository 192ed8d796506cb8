import { setTimeout as delay } from 'node:timers/promises'
import { must, type Check } from '../check.ts'
import type { Bench } from '../bench.ts'
import { entryOf, tyingEvent } from '../raw-records.ts'
import { writeAborted } from './transactions.ts'

/** In which an engine that did not wait would have begun to process. */
const A_WHILE_MS = 2_000
const WAITS_FOR_EPOCH = /waiting for the first epoch/i

export const invalidConfig: Check = {
  name: 'invalid-config',
  about: 'a config that is wrong is said with key and value, and the exit code is 2',
  async run(bench) {
    await bench.engines.stopAll()
    const engine = await bench.engines.start('a', { KAFKA_BROKERS: 'nowhere', LOG_LEVEL: 'loud' })
    const code = await engine.exited
    const said = engine.stderr()
    bench.engines.drop('a')
    must(code === 2, `expected exit code 2, seen ${code}`)
    for (const [key, value] of [
      ['KAFKA_BROKERS', 'nowhere'],
      ['LOG_LEVEL', 'loud'],
    ] as const)
      must(
        said.includes(key) && said.includes(value),
        `expected ${key} and its value "${value}" on stderr, seen: ${said.slice(0, 500)}`,
      )
  },
}

export const start: Check = {
  name: 'start',
  about:
    'a registry that cannot be reached is waited for; without an epoch nothing is processed; then raw is, whatever lies at its end',
  async run(bench) {
    await bench.engines.stopAll()
    await bench.shares.empty()
    await rawOfEveryKind(bench)
    bench.rig.gate.open = false
    const before = (await bench.committed()).join()
    const engine = await bench.engines.start('a')
    const idle = async (why: string) => {
      const health = await engine.health()
      must(
        health?.healthy === false,
        `${why}: expected /healthz to say unhealthy, seen ${JSON.stringify(health)}`,
      )
      const now = (await bench.committed()).join()
      must(now === before, `${why}: expected nothing to be committed, seen ${now} after ${before}`)
    }
    await bench.until('a log line that names the registry', () =>
      Promise.resolve(/registry/i.test(engine.stderr())),
    )
    await idle('the registry is away')

    bench.rig.gate.open = true
    await bench.until('a log line that it waits for the first epoch', () =>
      Promise.resolve(WAITS_FOR_EPOCH.test(engine.stderr())),
    )
    await delay(A_WHILE_MS)
    await idle('there is no epoch')

    await bench.shares.write([[0, 99]])
    await bench.epochTaken()
    await bench.judge()
    await bench.until(
      '/healthz to say healthy',
      async () => (await engine.health())?.healthy === true,
    )
  },
}

/** A partition that ends in an aborted transaction, one that holds nothing else, one that ends in a commit, and an empty one where it is still that. */
async function rawOfEveryKind(bench: Bench): Promise<void> {
  const events = Array.from({ length: 40 }, (_, i) =>
    entryOf(tyingEvent(bench.random, `start-${i}`, Date.UTC(2026)), bench.target),
  )
  const on = (partition: number) => events.filter((entry) => entry.partition === partition)
  await bench.write(on(0))
  await writeAborted(bench, 0)
  await writeAborted(bench, 1)
  await bench.write(on(2))
}
