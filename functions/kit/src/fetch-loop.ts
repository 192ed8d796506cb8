import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { isRetriable, messageOf, RetryableError } from './errors.ts'
import { clusterOf } from './fetcher.ts'
import './kafkajs-repairs.ts'
import { readInt64, type Aborted } from './record-batches.ts'

/** What one fetch brought of one partition. */
export interface FetchedBatches {
  /** when it was asked for, epoch milliseconds: what is known of the offsets is not older */
  askedAt: number
  /** the end of what is replicated */
  high: number
  /** the end of what a read_committed reader is shown */
  stable: number
  aborted: readonly Aborted[]
  batches: Buffer
}

/** One partition of a topic as somebody reads it. */
export interface Cursor {
  readonly topic: string
  readonly partition: number
  /** the next offset to ask for; `take` moves it, and so may its owner: an answer for another one is not taken */
  readonly position: number
  /** not now: whoever is ahead waits */
  isPaused(): boolean
  take(fetched: FetchedBatches): void
  /** the position is not held any more, or not yet; default: the loop throws OutOfRange */
  outOfRange?(): void
}

/** An offset that a partition no longer holds, or does not hold yet, was asked for. */
export class OutOfRange extends RetryableError {}

const READ_COMMITTED = 1
/** An answer comes as soon as there is anything; this is how often an idle reader asks. */
const MAX_WAIT_MS = 1_000
/** While a cursor is paused: it may soon go on, and is not in what was asked for. */
const SHORT_WAIT_MS = 5
const MAX_BYTES = 16 << 20
const MAX_PARTITION_BYTES = 1 << 20
const PAUSE_MS = 20
const RETRY_MS = 200
const OFFSET_OUT_OF_RANGE = 1

interface FetchRequest {
  replicaId: number
  isolationLevel: number
  maxWaitTime: number
  minBytes: number
  maxBytes: number
  topics: { topic: string; partitions: object[] }[]
}

const require = createRequire(import.meta.url)
/** As much of kafkajs as is used here beside its cluster. */
const request = require('kafkajs/src/protocol/requests/fetch/v11/request.js') as (
  fetch: FetchRequest,
) => object
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode(code: number): Error
}

interface Broker {
  disconnect(): Promise<void>
  connectionPool: {
    send(protocol: {
      request: object
      response: { decode(bytes: Buffer): Promise<Answer>; parse(answer: Answer): Promise<Answer> }
    }): Promise<Answer>
  }
}

interface Partition extends Omit<FetchedBatches, 'askedAt'> {
  topic: string
  partition: number
  errorCode: number
}
interface Answer {
  partitions: Partition[]
  clientSideThrottleTime: number
}

export interface FetchLoopOptions {
  /** of one partition in one fetch; a batch comes whole, whatever its size. Default 1 MiB */
  maxPartitionBytes?: number
  /** is told why nothing can be read, and undefined once it can again */
  onTrouble(why: string | undefined): void
}

/**
 * Reads partitions, read_committed and without a group, on connections of its own, one request to each broker at a
 * time, and hands on what comes as bytes.
 */
export class FetchLoop {
  /** a topic's partition may be among them once only; changes are seen with the next `wake` */
  readonly cursors = new Set<Cursor>()
  readonly #cluster: ReturnType<typeof clusterOf>
  readonly #options: FetchLoopOptions
  /** by broker: requests on their way */
  readonly #asked = new Map<string, Promise<void>>()
  #woken = Promise.withResolvers<void>()
  #topics = new Set<string>()
  #turn = 0

  constructor(kafka: Kafka, options: FetchLoopOptions) {
    this.#cluster = clusterOf(kafka)
    this.#options = options
  }

  /** A cursor has come, or may go on. */
  wake(): void {
    this.#woken.resolve()
  }

  /**
   * @returns when `signal` aborts
   * @throws OutOfRange, and whatever a cursor's `take` throws
   */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.wake()
    signal.addEventListener('abort', wake)
    const failures: Error[] = []
    try {
      while (!signal.aborted) {
        this.#woken = Promise.withResolvers()
        await this.#connect().catch((error: Error) => failures.push(error))
        if (failures.length === 0) {
          this.#askAll(signal, failures)
          // whoever waits for another one may not say when he goes on
          const look = this.#asked.size === 0 && this.cursors.size > 0
          const timer = look ? setTimeout(wake, PAUSE_MS) : undefined
          await this.#woken.promise
          clearTimeout(timer)
        }
        const [error] = failures.splice(0)
        if (error === undefined) continue
        if (!isRetriable(error) && !isOfNetwork(error)) throw error
        this.#options.onTrouble(`nothing can be read: ${messageOf(error)}`)
        await delay(RETRY_MS)
        await this.#cluster.refreshMetadata().catch(() => {}) // the next round says what is wrong
      }
    } finally {
      signal.removeEventListener('abort', wake)
      await this.#cluster.disconnect()
      await Promise.all(this.#asked.values())
    }
  }

  /** One request to each broker that has none in hand. */
  #askAll(signal: AbortSignal, failures: Error[]): void {
    const { leaderless, byLeader } = this.#wanted()
    if (leaderless) {
      const { topic, partition } = leaderless
      const why = `${topic} partition ${partition} has no leader`
      failures.push(Object.assign(new Error(why), { retriable: true }))
      this.wake()
    }
    for (const [nodeId, cursors] of byLeader) {
      const answered = this.#fetch(nodeId, cursors, signal)
        .catch((error: Error) => failures.push(error))
        .then(() => {
          this.#asked.delete(nodeId)
          this.wake()
        })
      this.#asked.set(nodeId, answered)
    }
  }

  async #connect(): Promise<void> {
    const isNew = [...this.cursors].filter(({ topic }) => !this.#topics.has(topic))
    if (isNew.length === 0) return
    if (this.#topics.size === 0) await this.#cluster.connect()
    for (const { topic } of isNew) {
      await this.#cluster.addTargetTopic(topic)
      this.#topics.add(topic)
    }
  }

  /** What may be asked for, by brokers that have no request in hand; and one that nobody leads. */
  #wanted() {
    const cursors = [...this.cursors]
    // from another one on each time: the broker fills an answer in the order of what was asked for
    this.#turn = (this.#turn + 1) % Math.max(1, cursors.length)
    const turned = [...cursors.slice(this.#turn), ...cursors.slice(0, this.#turn)]
    const byLeader = new Map<string, Cursor[]>()
    let leaderless: Cursor | undefined
    for (const cursor of turned) {
      if (cursor.isPaused()) continue
      const nodeId = this.#leaderOf(cursor)
      if (nodeId === undefined) leaderless = cursor
      else if (!this.#asked.has(nodeId)) {
        const own = byLeader.get(nodeId)
        if (own) own.push(cursor)
        else byLeader.set(nodeId, [cursor])
      }
    }
    return { byLeader, leaderless }
  }

  #leaderOf({ topic, partition }: Cursor): string | undefined {
    try {
      return Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]))[0]
    } catch {
      return undefined // kafkajs throws where the metadata says that there is none
    }
  }

  async #fetch(nodeId: string, cursors: readonly Cursor[], signal: AbortSignal): Promise<void> {
    const broker = (await this.#cluster.findBroker({ nodeId })) as unknown as Broker
    const wanted = new Map(
      cursors.map((c) => [`${c.topic}/${c.partition}`, [c, c.position] as const]),
    )
    const isAnyPaused = [...this.cursors].some((cursor) => cursor.isPaused())
    const askedAt = Date.now()
    const answer = await ask(broker, cursors, {
      maxWaitMs: isAnyPaused ? SHORT_WAIT_MS : MAX_WAIT_MS,
      maxPartitionBytes: this.#options.maxPartitionBytes ?? MAX_PARTITION_BYTES,
    })
    for (const { topic, partition, errorCode, ...fetched } of answer.partitions) {
      const [cursor, asked] = wanted.get(`${topic}/${partition}`)!
      if (signal.aborted) return
      if (!this.cursors.has(cursor) || cursor.position !== asked) continue
      if (errorCode === OFFSET_OUT_OF_RANGE) {
        if (!cursor.outOfRange)
          throw new OutOfRange(
            'OFFSET_OUT_OF_RANGE',
            `${topic} partition ${partition} does not hold offset ${asked} (any more)`,
          )
        cursor.outOfRange()
        continue
      }
      if (errorCode !== 0) throw createErrorFromCode(errorCode)
      cursor.take({ askedAt, ...fetched })
    }
    this.#options.onTrouble(undefined)
  }
}

/** kafkajs's own name for what a broker that goes away leaves; it calls few of them retriable. */
const isOfNetwork = (error: unknown) =>
  error instanceof Error &&
  error.name.startsWith('KafkaJS') &&
  error.name !== 'KafkaJSProtocolError'

async function ask(
  broker: Broker,
  cursors: readonly Cursor[],
  { maxWaitMs, maxPartitionBytes }: { maxWaitMs: number; maxPartitionBytes: number },
): Promise<Answer> {
  const topics = Map.groupBy(cursors, ({ topic }) => topic)
  const asked = {
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    topics: [...topics].map(([topic, own]) => ({
      topic,
      partitions: own.map(({ partition, position }) => ({
        partition,
        fetchOffset: String(position),
        maxBytes: maxPartitionBytes,
      })),
    })),
  }
  try {
    return await broker.connectionPool.send({ request: request(asked), response })
  } catch (error) {
    // as kafkajs itself does, or the dead connection would be found again
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError')
      await broker.disconnect()
    throw error
  }
}

const response = {
  decode: (bytes: Buffer) => Promise.resolve(readAnswer(bytes)),
  parse: (answer: Answer) => Promise.resolve(answer),
}

/** Fetch response, version 11: https://kafka.apache.org/protocol#The_Messages_Fetch */
function readAnswer(bytes: Buffer): Answer {
  let at = 0
  const int16 = () => bytes.readInt16BE((at += 2) - 2)
  const int32 = () => bytes.readInt32BE((at += 4) - 4)
  const int64 = () => readInt64(bytes, (at += 8) - 8)
  const string = () => {
    const length = int16()
    return bytes.toString('utf8', at, (at += length))
  }
  const list = <T>(one: () => T): T[] => {
    const count = int32() // -1 = null
    return Array.from({ length: Math.max(0, count) }, one)
  }
  const clientSideThrottleTime = int32()
  const errorCode = int16()
  if (errorCode !== 0) throw createErrorFromCode(errorCode)
  int32() // session: none was asked for
  const partitions = list(() => {
    const topic = string()
    return list((): Partition => {
      const partition = int32()
      const code = int16()
      const high = int64()
      const stable = int64()
      int64() // where the log begins
      const aborted = list(() => ({ producerId: int64(), firstOffset: int64() }))
      int32() // a replica to read from: none is preferred without a rack
      const length = Math.max(0, int32())
      return {
        topic,
        partition,
        errorCode: code,
        high,
        stable,
        aborted,
        batches: bytes.subarray(at, (at += length)),
      }
    })
  }).flat()
  return { partitions, clientSideThrottleTime }
}
