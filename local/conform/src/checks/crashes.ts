import type { Bench } from '../bench.ts'
import { SESSION_MS } from '../bench.ts'
import { must, type Check } from '../check.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { generated } from '../raw-records.ts'

const KILLS = 2
const ENOUGH = 1_000

export const kills: Check = {
  name: 'kill',
  about:
    'kill -9 in mid-stream, several times: a read_committed reader sees every row once, and duplicates across the kill stay silent',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const again = [
      ...generated(
        { seed: bench.random.uint32(), orders: 30, duplicates: 0, late: 0, malformed: 0 },
        bench.target,
        Date.now,
      ),
    ]
    const load = bench.load()
    for (let i = 0; i < KILLS; i++) {
      await bench.progress(ENOUGH)
      await bench.write(again)
      await bench.engines.kill('a')
      await bench.write(again)
      await bench.engines.start('a')
    }
    await bench.progress(ENOUGH)
    await load.stop()
    await bench.write(again)
    await bench.judge()
  },
}

/** More of the engine, then one of it lost. */
export const lostInstance: Check = {
  name: 'lost-instance',
  about:
    'a deployment grows under load; one instance is killed and the rest takes over: nothing lost, nothing doubled',
  async run(bench) {
    if (bench.traits.scales === 'parallelism') return rescaled(bench)
    await bench.ready(2)
    await bench.judge()
    const load = bench.load()
    await bench.progress(ENOUGH)
    await bench.engines.kill('b')
    await bench.everyPartitionMoves()
    await load.stop()
    await bench.judge()
  },
}

/** One job to a deployment: it grows by a stop and a start, and loses its process as a whole. */
async function rescaled(bench: Bench): Promise<string> {
  await bench.engines.stopAll()
  await bench.engines.start('a', { PARALLELISM: '1' })
  await bench.epochTaken()
  const load = bench.load()
  await bench.progress(ENOUGH)
  await bench.engines.stop('a')
  await bench.engines.start('a', { PARALLELISM: '2' })
  await bench.progress(ENOUGH)
  await bench.engines.kill('a')
  await bench.engines.start('a', { PARALLELISM: '1' })
  await bench.progress(ENOUGH)
  await load.stop()
  await bench.judge()
  return 'a deployment is one job: stopped and started with PARALLELISM 1, then 2, killed, started with 1'
}

export const zombie: Check = {
  name: 'zombie',
  about:
    'an instance stopped past its session, taken over and resumed is fenced out: it doubles nothing',
  notFor: ({ scales }) =>
    scales === 'parallelism'
      ? 'a deployment is one job, of which nobody takes over a part'
      : undefined,
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const load = bench.load()
    await bench.progress(ENOUGH)
    await bench.ready(2)
    await bench.progress(ENOUGH)
    const a = bench.engines.running.get('a')!
    await a.kill('SIGSTOP')
    try {
      await delay(SESSION_MS)
      await bench.everyPartitionMoves()
    } finally {
      await a.kill('SIGCONT')
    }
    await bench.everyPartitionMoves()
    await load.stop()
    await bench.judge()
  },
}

export const brokerRestart: Check = {
  name: 'broker-restart',
  about: 'a broker that is killed and comes back loses and doubles nothing',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const load = bench.load()
    await bench.progress(ENOUGH)
    const broker = () => bench.rig.stack.supervisor.status().find(({ name }) => name === 'broker')!
    const { pid } = broker()
    must(pid !== null, 'the kit finds no broker to kill')
    process.kill(pid, 'SIGKILL')
    await bench.until('the broker to be back', () =>
      Promise.resolve(broker().state === 'running' && broker().pid !== pid),
    )
    await bench.progress(ENOUGH)
    await load.stop()
    await bench.judge()
  },
}
