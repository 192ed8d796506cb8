import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createKafka, TerminalError, type Log } from '@order-up/kit'
import { engineGroup } from '@order-up/schemas'
import { Registry } from 'prom-client'
import type { EngineConfig } from './config.ts'
import { lockDir } from './lock.ts'
import { HEAP_MIB } from './memory-need.ts'
import { collectOfNode } from './metrics.ts'
import { leaveForPredecessor } from './predecessor.ts'
import { countedIn, sumOf, type Measured, type Shown } from './sum-metrics.ts'
import { healthOfAll, type WorkerHealth } from './worker-health.ts'
import { ask, listen } from './worker-link.ts'

/** Before a killed worker is started again. */
const RESTART_MS = 200

/** One of the workers, whichever process it is now. */
interface Seat {
  /** 1, 2, … */
  worker: number
  child: ChildProcess | undefined
  /** what its processes that are gone had counted */
  before: Measured
  /** what the present one had counted when it last answered */
  last: Measured
}

/**
 * The workers of one command, each a process of its own, which share the partitions as members of one consumer group:
 * processes, since a crash of one takes no other with it.
 *
 * - A worker that ends with an error ends all: what it stops for (a newer schema, a disk that is full) is true for the
 *   others too, and who supervises this command decides as for one worker.
 * - One that is killed (also by the system, for its memory, or by a crash) is started again; the others keep their
 *   partitions, and their state. Its partitions are free at once, and their state is where it was.
 * - When this process is gone, however, the workers notice the end of their channel, and stop.
 */
export class WorkerProcesses {
  readonly #config: EngineConfig
  readonly #log: Log
  readonly #seats: Seat[]
  readonly #own = new Registry()

  constructor(config: EngineConfig, log: Log) {
    this.#config = config
    this.#log = log
    this.#seats = Array.from({ length: config.WORKERS }, (_, i) => ({
      worker: i + 1,
      child: undefined,
      before: [],
      last: [],
    }))
    collectOfNode(this.#own)
  }

  /** The metrics of all, as those of one worker. */
  get registry(): Shown {
    return {
      contentType: this.#own.contentType,
      metrics: async () => (await this.#sum()).metrics(),
      getMetricsAsJSON: async () => (await this.#sum()).getMetricsAsJSON(),
    }
  }

  /** As one worker's: healthy when all are. */
  async health(): Promise<WorkerHealth> {
    const answers = await Promise.all(this.#seats.map(({ child }) => ask(child)))
    const { DEPLOYMENT, INSTANCE } = this.#config
    return healthOfAll(
      { deployment: DEPLOYMENT, instance: INSTANCE, pid: process.pid },
      answers.map((a) => a?.health),
    )
  }

  /** @param onReady when all of them work for the first time */
  async run(signal: AbortSignal, onReady: () => void): Promise<void> {
    const { DEPLOYMENT, INSTANCE, STATE_DIR } = this.#config
    const dir = join(STATE_DIR, DEPLOYMENT, INSTANCE)
    const unlock = await lockDir(dir)
    const kafka = createKafka(this.#config, `${DEPLOYMENT}/${INSTANCE}`, this.#log)
    const leave = (place: { worker?: number }) =>
      leaveForPredecessor(kafka, engineGroup(DEPLOYMENT), { dir, ...place }, this.#log)
    await leave({})
    const failed = new AbortController()
    const stop = AbortSignal.any([signal, failed.signal])
    let toGetReady = this.#seats.length
    const onOneReady = () => {
      if (--toGetReady === 0) onReady()
    }
    const kept = this.#seats.map((seat) => this.#keep(seat, stop, { leave, onReady: onOneReady }))
    const all = Promise.all(kept)
    await all.catch(() => failed.abort())
    await Promise.allSettled(kept) // the others put away what they have
    await unlock()
    await all
  }

  /** Keeps one worker running until it is told to stop. @throws TerminalError `WORKER` where it ends with an error */
  async #keep(
    seat: Seat,
    stop: AbortSignal,
    { leave, onReady }: { leave(place: { worker: number }): Promise<void>; onReady(): void },
  ): Promise<void> {
    const { worker } = seat
    let tell = onReady
    while (!stop.aborted) {
      const child = this.#fork(worker)
      seat.child = child
      listen(child, {
        onReady() {
          tell()
          tell = () => {}
        },
        onAnswer({ measured }) {
          seat.last = countedIn(measured)
        },
      })
      const { code, signal } = await endOf(child, stop)
      seat.child = undefined
      seat.before = await this.#counted(seat)
      seat.last = []
      if (code !== null && code !== 0)
        throw new TerminalError('WORKER', `worker ${worker} has ended with exit code ${code}`, {
          remedy: 'its own last line in the log says why',
        })
      if (stop.aborted) return
      this.#log.error({ worker, signal }, 'a worker has died: it is started again')
      await leave({ worker })
      await delay(RESTART_MS)
    }
  }

  #fork(worker: number): ChildProcess {
    return fork(process.argv[1]!, ['--worker', String(worker)], {
      env: {
        ...process.env,
        WORKERS: String(this.#config.WORKERS),
      },
      execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MIB}`],
      serialization: 'advanced', // JSON has no NaN, which says that a lag is not known
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }

  async #sum(): Promise<Registry> {
    const parts = this.#seats.map(async (seat): Promise<Measured[]> => {
      const answer = await ask(seat.child)
      return [seat.before, answer?.measured ?? seat.last]
    })
    return sumOf([...(await Promise.all(parts)).flat(), await this.#own.getMetricsAsJSON()])
  }

  /** All that its processes have counted so far, as far as it is known. */
  #counted = async ({ before, last }: Seat): Promise<Measured> =>
    sumOf([before, last]).getMetricsAsJSON()
}

/** Resolves when it has ended; it is told to once `stop` aborts. */
async function endOf(
  child: ChildProcess,
  stop: AbortSignal,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const kill = () => child.kill('SIGTERM')
  stop.addEventListener('abort', kill)
  if (stop.aborted) kill()
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    if (child.connected) await once(child, 'disconnect') // after its last words
    return { code, signal }
  } finally {
    stop.removeEventListener('abort', kill)
  }
}
