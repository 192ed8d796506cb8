import { setTimeout as delay } from 'node:timers/promises'
import { groupOffsets } from '@order-up/kit'
import { DEPLOYMENTS, RAW_TOPIC, engineGroup } from '@order-up/schemas'
import { readRun, type Run } from '@order-up/stack'
import type { Admin } from 'kafkajs'

/** The time that a killed process was missed. */
export interface Outage {
  who: string
  /** epoch milliseconds */
  from: number
  to: number
}

type Worker = Run['workers'][number]

const LOOK_EVERY_MS = 50
const BACK_MS = 180_000

/** Kills processes of a stack with SIGKILL, and measures how long each takes to come back. */
export class Nemesis {
  readonly #dataDir: string
  readonly #admin: Admin
  readonly #kills = new Map<string, number>()

  constructor(dataDir: string, admin: Admin) {
    this.#dataDir = dataDir
    this.#admin = admin
  }

  /** how often it has killed this one */
  kills(who: string): number {
    return this.#kills.get(who) ?? 0
  }

  /**
   * Kills a worker and waits until it is back: it runs, and an engine has committed something new; one that is missed,
   * all that has come in until it ran again: what comes then queues behind that.
   * @throws where that takes over three minutes
   */
  async kill(who: string, isMissed: boolean): Promise<Outage> {
    const before = await this.#worker(who)
    const from = Date.now()
    process.kill(before.pid!, 'SIGKILL')
    await until(`${who} is back`, async () => {
      const { state, pid } = await this.#worker(who)
      return state === 'running' && pid !== before.pid
    })
    if (DEPLOYMENTS.includes(who)) {
      const then = await this.#offsets(who)
      const due = then.map(({ committed = 0, high }) => (isMissed ? high : committed + 1))
      await until(`${who} commits again`, async () => {
        const now = (await this.#offsets(who)).map(({ committed = 0 }) => committed)
        return isMissed ? now.every((n, p) => n >= due[p]!) : now.some((n, p) => n >= due[p]!)
      })
    }
    this.#kills.set(who, this.kills(who) + 1)
    return { who, from, to: Date.now() }
  }

  /**
   * Kills a worker whenever it comes up, as if its machine were gone, until the stack is not to run it any more.
   * @returns once it is killed for the first time
   */
  async killForGood(who: string): Promise<{ from: number; gone: Promise<void> }> {
    const from = Date.now()
    process.kill((await this.#worker(who)).pid!, 'SIGKILL')
    const isGone = async () => {
      const run = await readRun(this.#dataDir)
      const worker = run?.workers.find(({ name }) => name === who)
      if (typeof worker?.pid === 'number') killIfThere(worker.pid)
      return worker === undefined
    }
    return { from, gone: until(`${who} is given up`, isGone) }
  }

  async #worker(who: string): Promise<Worker> {
    const run = await readRun(this.#dataDir)
    const worker = run?.workers.find(({ name }) => name === who)
    if (!worker) throw new Error(`the stack runs no ${who}`)
    return worker
  }

  #offsets(deployment: string) {
    return groupOffsets(this.#admin, engineGroup(deployment), RAW_TOPIC)
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + BACK_MS
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`after ${BACK_MS} ms still waiting until ${what}`)
    await delay(LOOK_EVERY_MS)
  }
}
