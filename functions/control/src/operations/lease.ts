import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { clusterOf, isRetriable, kafkaErrorType, messageOf, OrderUpError } from '@order-up/kit'
import type { Kafka } from 'kafkajs'
import { z } from 'zod'

/** Whoever carries a swap by hand is a member. Its members read nothing: a group is the lease that every broker has. */
const GROUP = 'order-up.control'
/** One that was killed is out after so long: the least that a broker allows by default. */
const SESSION_MS = 6_000
/** A member that lives looks so often whether others want to join. */
const LOOK_MS = 250
/** Past the session of one that was killed. */
const DECIDED_WITHIN_MS = 20_000
/** Where nobody else is, it is decided before. */
const QUIET_MS = 1_000
const RETRY_MS = 100

export interface Lease {
  /** what is wanted, for whoever comes second: as `swap --to flink-1` */
  what: string
  signal: AbortSignal
  /** of what takes a while: a line for people */
  say: (line: string) => void
}

/** What a member tells the others. */
const Carrier = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  what: z.string(),
  /** it has the lease */
  holds: z.boolean(),
})
type Carrier = z.infer<typeof Carrier>

/** As much of kafkajs's connection to a group's coordinator as is used here. */
interface Coordinator {
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    protocolType: string
    groupProtocols: { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
  }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>
}

/**
 * Runs `use` as the one who carries a swap by hand. That spares two people each other's surprises; what is written is
 * safe without it, by the fenced session.
 * @param use is given a signal that also aborts where the lease is lost: the process slept, say
 * @throws OrderUpError `SWAP_CARRIED` where another carries one, `LEASE` where the brokers can't say; the signal's reason
 */
export async function asCarrier<T>(
  kafka: Kafka,
  { what, signal, say }: Lease,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const me = { id: randomUUID(), host: hostname(), pid: process.pid, what, holds: false }
  const cluster = clusterOf(kafka) as unknown as Cluster
  const member = new Member(cluster, me)
  const quiet = setTimeout(() => say(WAITING), QUIET_MS)
  try {
    const joined = cluster.connect().then(() => member.join())
    const holder = await within(DECIDED_WITHIN_MS, signal, joined).catch((error: unknown) => {
      signal.throwIfAborted()
      throw unsure(error)
    })
    clearTimeout(quiet)
    if (holder.id !== me.id) {
      await member.leave()
      throw carried(holder)
    }
    const lost = new AbortController()
    const over = new AbortController()
    const held = member.hold(over.signal).catch((error: unknown) => lost.abort(error))
    try {
      return await use(AbortSignal.any([signal, lost.signal]))
    } finally {
      over.abort()
      await held
      await member.leave()
    }
  } finally {
    clearTimeout(quiet)
    member.isOver = true
    await cluster.disconnect()
  }
}

const WAITING = `somebody carries a swap, or was killed while he did: which of the two is known within ${SESSION_MS / 1_000} s`

/** @throws the signal's reason, or `TimeoutError` */
async function within<T>(ms: number, signal: AbortSignal, promised: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const either = AbortSignal.any([signal, AbortSignal.timeout(ms)])
  const onAbort = () => reject(either.reason)
  either.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promised, late])
  } finally {
    either.removeEventListener('abort', onAbort)
  }
}

/** In the group; the one who leads it decides who has the lease, and tells all. */
class Member {
  readonly #cluster: Cluster
  readonly #me: Carrier
  #id = ''
  #generation = -1
  /** it does not try to join any more */
  isOver = false

  constructor(cluster: Cluster, me: Carrier) {
    this.#cluster = cluster
    this.#me = me
  }

  /**
   * Waits until all other members have answered, or have timed out. One that was chosen and has not said since that it
   * has the lease is asked again: it may have gone while it still waited to be chosen, and brokers do not know yet.
   * @returns who has the lease
   */
  async join(): Promise<Carrier> {
    for (;;) {
      try {
        const holder = await this.#joinOnce()
        this.#me.holds = holder.id === this.#me.id
        if (this.#me.holds || holder.holds) return holder
      } catch (error) {
        const type = kafkaErrorType(error) ?? ''
        if (type === 'UNKNOWN_MEMBER_ID') this.#id = ''
        else if (this.isOver || (!REJOINS.has(type) && !isRetriable(error))) throw error
        await delay(RETRY_MS)
      }
    }
  }

  async #joinOnce(): Promise<Carrier> {
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId: GROUP })
    const { generationId, leaderId, memberId, members } = await coordinator.joinGroup({
      groupId: GROUP,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      memberId: this.#id,
      protocolType: 'order-up',
      groupProtocols: [{ name: 'carrier', metadata: bytesOf(this.#me) }],
    })
    this.#id = memberId
    this.#generation = generationId
    // only the leader is told of the others
    const carrier = chooseCarrier(members.map(({ memberMetadata }) => carrierIn(memberMetadata)))
    const { memberAssignment } = await coordinator.syncGroup({
      groupId: GROUP,
      generationId,
      memberId,
      groupAssignment:
        leaderId === memberId && carrier
          ? members.map((m) => ({ memberId: m.memberId, memberAssignment: bytesOf(carrier) }))
          : [],
    })
    return carrierIn(memberAssignment)
  }

  /** Stays in the group until the signal aborts. @throws OrderUpError `SWAP_CARRIED` where another has the lease now */
  async hold(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(LOOK_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      try {
        const coordinator = await this.#cluster.findGroupCoordinator({ groupId: GROUP })
        const groupGenerationId = this.#generation
        await coordinator.heartbeat({ groupId: GROUP, groupGenerationId, memberId: this.#id })
      } catch {
        // others come or go, it was taken for dead, or brokers are away: all of that shows when it joins again
        const holder = await this.join()
        if (holder.id !== this.#me.id) throw carried(holder)
      }
    }
  }

  /** At once, unless brokers are away: then they notice in time. */
  async leave(): Promise<void> {
    try {
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId: GROUP })
      await coordinator.leaveGroup({ groupId: GROUP, memberId: this.#id })
    } catch {
      return
    }
  }
}

/** A member that meets these is to join again. */
const REJOINS = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION'])

const bytesOf = (carrier: Carrier) => Buffer.from(JSON.stringify(carrier))
const carrierIn = (bytes: Buffer) => Carrier.parse(JSON.parse(bytes.toString()))

/** Of several that say that they have it (one has slept), and of several that ask at once, the one that sorts first. */
const chooseCarrier = (carriers: readonly Carrier[]): Carrier | undefined =>
  carriers.toSorted((a, b) => Number(b.holds) - Number(a.holds) || (a.id < b.id ? -1 : 1))[0]

const carried = ({ what, pid, host }: Carrier) =>
  new OrderUpError(
    'SWAP_CARRIED',
    `\`${what}\` is being carried by process ${pid} on ${host}, and only one swap can be`,
    {
      remedy:
        'wait until it is done, or stop it with Ctrl-C there: it can be gone on with, or taken back',
    },
  )

const unsure = (cause: unknown) =>
  new OrderUpError(
    'LEASE',
    `Whether somebody else carries a swap is not known: ${messageOf(cause)}`,
    { cause, remedy: 'see whether the brokers answer: order-up doctor' },
  )
