import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { kafkajs, messageOf, OrderUpError } from '@order-up/kit'
import { SHARES_TOPIC } from '@order-up/schemas'
import type { Kafka, PartitionAssigner } from 'kafkajs'
import { z } from 'zod'

const { AssignerProtocol } = kafkajs
const { MemberMetadata, MemberAssignment } = AssignerProtocol

/** Whoever carries a swap by hand is a member, and has the shares topic's partition. */
const GROUP = 'order-up.control'
/** One that was killed is out after so long: the least that a broker allows by default. */
const SESSION_MS = 6_000
/** A member that lives answers within this: it looks so often whether others want to join. */
const LOOK_MS = 250
/** Past the session of one that was killed. */
const DECIDED_WITHIN_MS = 20_000
/** Where nobody else is, it is decided before. */
const QUIET_MS = 1_000
const DESCRIBED_WITHIN_MS = 2_000

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

/**
 * Runs `use` as the one who carries a swap by hand. That spares two people each other's surprises; what is written is
 * safe without it, by the fenced session.
 * @param use is given a signal that also aborts where the lease is lost: the process slept, say
 * @throws OrderUpError `SWAP_CARRIED` where another carries one, `LEASE` where the brokers can't say; the signal's reason
 */
export async function asCarrier<T>(
  kafka: Kafka,
  lease: Lease,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController()
  const membership = await join(kafka, lease, (error) => lost.abort(error))
  try {
    return await use(AbortSignal.any([lease.signal, lost.signal]))
  } finally {
    await membership.leave()
  }
}

async function join(kafka: Kafka, { what, signal, say }: Lease, onLost: (error: Error) => void) {
  const me: Carrier = {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    what,
    holds: false,
  }
  let stopped = false
  const consumer = kafka.consumer({
    groupId: GROUP,
    sessionTimeout: SESSION_MS,
    rebalanceTimeout: SESSION_MS,
    heartbeatInterval: LOOK_MS,
    maxWaitTimeInMs: LOOK_MS,
    partitionAssigners: [oneCarrier(me)],
    // one that fails while it leaves would come back, and nobody would stop it again
    retry: { restartOnFailure: () => Promise.resolve(!stopped) },
  })
  const leave = () => {
    stopped = true
    return consumer.disconnect()
  }
  const lose = async () => onLost(carried(await describeHolder(kafka, me)))

  const { promise: decided, resolve, reject } = Promise.withResolvers<boolean>()
  consumer.on('consumer.group_join', ({ payload: { memberAssignment } }) => {
    const isMine = (memberAssignment[SHARES_TOPIC] ?? []).length > 0
    if (me.holds && !isMine) lose().catch(onLost)
    me.holds = isMine
    resolve(isMine)
  })
  consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
    if (restart) return
    reject(unsure(error))
    onLost(unsure(error))
  })
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort)
  const quiet = setTimeout(() => say(WAITING), QUIET_MS)
  const deadline = setTimeout(() => reject(unsure()), DECIDED_WITHIN_MS)
  try {
    signal.throwIfAborted()
    await consumer.connect()
    await consumer.subscribe({ topic: SHARES_TOPIC })
    const running = consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() })
    running.catch(reject)
    const isMine = await decided
    await running // kafkajs leaves a group only once it says that it has joined
    if (!isMine) {
      await leave()
      throw carried(await describeHolder(kafka, me))
    }
    return { leave }
  } catch (error) {
    await leave()
    throw error
  } finally {
    clearTimeout(quiet)
    clearTimeout(deadline)
    signal.removeEventListener('abort', onAbort)
  }
}

const WAITING = `somebody carries a swap, or was killed while he did: which of the two is known within ${SESSION_MS / 1_000} s`

/** The group's leader gives the one partition to whoever has it already; where nobody has, to one of those that ask. */
const oneCarrier =
  (me: Readonly<Carrier>): PartitionAssigner =>
  () => ({
    name: 'OneCarrier',
    version: 0,
    protocol: ({ topics }) => ({
      name: 'OneCarrier',
      metadata: MemberMetadata.encode({
        version: 0,
        topics,
        userData: Buffer.from(JSON.stringify(me)),
      }),
    }),
    assign: ({ members }) => {
      const chosen = chooseCarrier(
        members.map(({ memberId, memberMetadata }) => ({
          memberId,
          holds: carrierIn(memberMetadata)?.holds ?? false,
        })),
      )
      return Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: 0,
            assignment: memberId === chosen ? { [SHARES_TOPIC]: [0] } : {},
            userData: Buffer.alloc(0),
          }),
        })),
      )
    },
  })

/** Of several that say that they have it (one has slept), and of several that ask at once, the one that sorts first. */
export function chooseCarrier(
  members: readonly { memberId: string; holds: boolean }[],
): string | undefined {
  const [first] = members.toSorted(
    (a, b) => Number(b.holds) - Number(a.holds) || (a.memberId < b.memberId ? -1 : 1),
  )
  return first?.memberId
}

function carrierIn(metadata: Buffer): Carrier | undefined {
  try {
    return Carrier.parse(JSON.parse(MemberMetadata.decode(metadata)!.userData.toString()))
  } catch {
    return undefined // between two generations of the group, brokers show none
  }
}

/** Who has the lease; undefined = it can't be seen in a moment. */
async function describeHolder(kafka: Kafka, me: Carrier): Promise<Carrier | undefined> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const deadline = Date.now() + DESCRIBED_WITHIN_MS
    while (Date.now() < deadline) {
      const { groups } = await admin.describeGroups([GROUP])
      const carriers = groups
        .flatMap(({ members }) => members)
        .flatMap(({ memberMetadata }) => carrierIn(memberMetadata) ?? [])
      const holder = carriers.find(({ holds, id }) => holds && id !== me.id)
      if (holder) return holder
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return undefined
  } finally {
    await admin.disconnect()
  }
}

function carried(holder: Carrier | undefined): OrderUpError {
  const who = holder
    ? `\`${holder.what}\` is being carried by process ${holder.pid} on ${holder.host}`
    : 'another swap is being carried'
  return new OrderUpError('SWAP_CARRIED', `${who}, and only one swap can be`, {
    remedy:
      'wait until it is done, or stop it with Ctrl-C there: it can be gone on with, or taken back',
  })
}

const unsure = (cause?: unknown) =>
  new OrderUpError(
    'LEASE',
    `Whether somebody else carries a swap is not known${cause === undefined ? '' : `: ${messageOf(cause)}`}`,
    { cause, remedy: 'see whether the brokers answer: order-up doctor' },
  )
