import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { clusterOf, isRetriable, messageOf, RetryableError } from '@order-up/kit'
import type { Kafka } from 'kafkajs'
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
  /** the next offset to ask for; `take` moves it */
  readonly position: number
  /** not now: whoever is ahead waits */
  isPaused(): boolean
  take(fetched: FetchedBatches): void
}

/** An offset that a partition no longer holds, or does not hold yet, was asked for. */
export class OutOfRange extends RetryableError {}

const READ_COMMITTED = 1
const MAX_WAIT_MS = 200
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
/** As much of kafkajs as is used here beside its cluster. The kit has loaded it, repaired. */
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

/**
 * Reads partitions, read_committed and without a group, on a connection of its own, and hands on what comes as bytes.
 * A topic partition may be in it once only.
 * @param onTrouble is told why nothing can be read, and undefined once it can again
 * @returns when `signal` aborts
 * @throws OutOfRange, and whatever a cursor's `take` throws
 */
export async function runFetchLoop(
  kafka: Kafka,
  cursors: readonly Cursor[],
  signal: AbortSignal,
  onTrouble: (why: string | undefined) => void,
): Promise<void> {
  const cluster = clusterOf(kafka)
  const byName = new Map(cursors.map((cursor) => [`${cursor.topic}/${cursor.partition}`, cursor]))
  let connected = false
  let turn = 0
  const connect = async () => {
    await cluster.connect()
    for (const topic of new Set(cursors.map(({ topic }) => topic)))
      await cluster.addTargetTopic(topic)
    connected = true
  }

  const fetchFrom = async (nodeId: string, wanted: readonly Cursor[]): Promise<void> => {
    const broker = (await cluster.findBroker({ nodeId })) as unknown as Broker
    const askedAt = Date.now()
    const answer = await ask(broker, wanted)
    for (const { topic, partition, errorCode, ...fetched } of answer.partitions) {
      if (signal.aborted) return
      const cursor = byName.get(`${topic}/${partition}`)!
      if (errorCode === OFFSET_OUT_OF_RANGE)
        throw new OutOfRange(
          'OFFSET_OUT_OF_RANGE',
          `${topic} partition ${partition} does not hold offset ${cursor.position} (any more)`,
        )
      if (errorCode !== 0) throw createErrorFromCode(errorCode)
      cursor.take({ askedAt, ...fetched })
    }
  }

  try {
    while (!signal.aborted) {
      // from another one on each time: the broker fills an answer in the order of what was asked for
      const turned = [...cursors.slice(turn), ...cursors.slice(0, turn)]
      turn = (turn + 1) % cursors.length
      const wanted = turned.filter((cursor) => !cursor.isPaused())
      if (wanted.length === 0) {
        await delay(PAUSE_MS)
        continue
      }
      try {
        if (!connected) await connect()
        await Promise.all(
          [...byLeader(cluster, wanted)].map(([nodeId, own]) => fetchFrom(nodeId, own)),
        )
        onTrouble(undefined)
      } catch (error) {
        if (!isRetriable(error) && !isOfNetwork(error)) throw error
        onTrouble(`nothing can be read: ${messageOf(error)}`)
        await delay(RETRY_MS)
        if (connected) await cluster.refreshMetadata().catch(() => {}) // the next round says what is wrong
      }
    }
  } finally {
    await cluster.disconnect()
  }
}

/** kafkajs's own name for what a broker that goes away leaves; it calls few of them retriable. */
const isOfNetwork = (error: unknown) =>
  error instanceof Error &&
  error.name.startsWith('KafkaJS') &&
  error.name !== 'KafkaJSProtocolError'

function byLeader(
  cluster: ReturnType<typeof clusterOf>,
  cursors: readonly Cursor[],
): Map<string, Cursor[]> {
  const found = new Map<string, Cursor[]>()
  for (const cursor of cursors) {
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(cursor.topic, [cursor.partition]))
    const own = found.get(nodeId!)
    if (own) own.push(cursor)
    else found.set(nodeId!, [cursor])
  }
  return found
}

async function ask(broker: Broker, cursors: readonly Cursor[]): Promise<Answer> {
  const topics = Map.groupBy(cursors, ({ topic }) => topic)
  const asked = {
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    topics: [...topics].map(([topic, own]) => ({
      topic,
      partitions: own.map(({ partition, position }) => ({
        partition,
        fetchOffset: String(position),
        maxBytes: MAX_PARTITION_BYTES,
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
