import type { IHeaders, Kafka } from 'kafkajs'
import { again } from './again.ts'
import { RetryableError, TerminalError } from './errors.ts'
import { filterAbortedMessages } from './kafkajs-repairs.ts'
import { recordOf, type Range, type TopicRecord } from './topic-reader.ts'

/** What one request brought: the records that a read_committed reader is shown, and where the next one begins. */
export interface Fetched {
  records: TopicRecord[]
  /** past markers, and past what was aborted */
  next: number
}

/**
 * Asks brokers for offsets and records, read_committed, without a consumer group: nothing to join, so an answer takes
 * milliseconds, and a reader needs no grant but to read. For short looks; whoever follows a topic uses a TopicReader.
 */
export interface Fetcher {
  /** the first offset that is held, by partition */
  beginnings(topic: string): Promise<number[]>
  /** the end of what a read_committed reader can see, by partition: an open transaction holds it back */
  lastStableOffsets(topic: string): Promise<number[]>
  /** the end of what is replicated, by partition */
  highWatermarks(topic: string): Promise<number[]>
  /** of the first record that was appended then or later; undefined = there is none. @param time epoch milliseconds */
  offsetAt(topic: string, partition: number, time: number): Promise<number | undefined>
  /** when a record was appended, or the next one that is held: also one that no reader is shown; epoch milliseconds */
  appendTimeOf(topic: string, partition: number, offset: number): Promise<number | undefined>
  /**
   * @param patience `stallMs`: how long nothing more may come, about; default 10 s. `maxBytes`: of one request, default
   * 4 MiB; a batch comes whole, whatever its size
   * @throws RetryableError `READ_STALLED` where nothing more can be read: as a rule a transaction is open
   */
  read(
    topic: string,
    range: Range,
    patience?: { stallMs?: number; maxBytes?: number },
  ): AsyncGenerator<Fetched>
  close(): Promise<void>
}

const READ_COMMITTED = 1
const READ_UNCOMMITTED = 0
const EARLIEST = -2
const LATEST = -1

const MAX_BYTES = 4 << 20
/** The first batch comes whole, whatever is asked for: so this is no more than that one. */
const ONE_BATCH = 1
const MAX_WAIT_MS = 500

interface Message {
  offset: string
  timestamp: string
  key: Buffer | null
  value: Buffer | null
  headers?: IHeaders
  isControlRecord: boolean
  batchContext: { producerId: string; inTransaction: boolean }
}

interface Asked {
  partition: number
  timestamp?: number
  fetchOffset?: string
  maxBytes?: number
}

interface Broker {
  listOffsets(request: {
    isolationLevel: number
    topics: { topic: string; partitions: Asked[] }[]
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>
  fetch(request: {
    isolationLevel: number
    maxWaitTime: number
    minBytes: number
    maxBytes: number
    topics: { topic: string; partitions: Asked[] }[]
  }): Promise<{
    responses: {
      partitions: {
        abortedTransactions: { producerId: string; firstOffset: string }[] | null
        messages: Message[]
      }[]
    }[]
  }>
}

/** As much of kafkajs's cluster as is used here. */
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(topic: string): { partitionId: number }[]
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>
  findBroker(broker: { nodeId: string }): Promise<Broker>
}

/** kafkajs keeps what it makes its clients of to itself, under a symbol. */
export function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  if (!symbol) throw new TerminalError('KAFKAJS', 'this kafkajs does not make its cluster as 2.2.4')
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]!
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false })
}

/** Connects; close it after use. */
export async function openFetcher(kafka: Kafka): Promise<Fetcher> {
  const cluster = clusterOf(kafka)
  await cluster.connect()

  async function partitionsOf(topic: string): Promise<number[]> {
    await cluster.addTargetTopic(topic)
    return cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
  }

  async function leaderOf(topic: string, partition: number): Promise<Broker> {
    await cluster.addTargetTopic(topic)
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
    return cluster.findBroker({ nodeId: nodeId! })
  }

  const offset = (topic: string, partition: number, timestamp: number, isolationLevel: number) =>
    again(cluster, async () => {
      const broker = await leaderOf(topic, partition)
      const topics = [{ topic, partitions: [{ partition, timestamp }] }]
      const { responses } = await broker.listOffsets({ isolationLevel, topics })
      return Number(responses[0]!.partitions[0]!.offset)
    })

  async function offsets(topic: string, timestamp: number, isolationLevel = READ_COMMITTED) {
    const partitions = await again(cluster, () => partitionsOf(topic))
    return Promise.all(
      partitions
        .toSorted((a, b) => a - b)
        .map((partition) => offset(topic, partition, timestamp, isolationLevel)),
    )
  }

  const ask = (
    topic: string,
    partition: number,
    from: number,
    isolationLevel: number,
    maxBytes = MAX_BYTES,
  ) =>
    again(cluster, async () => {
      const broker = await leaderOf(topic, partition)
      const asked = { partition, fetchOffset: String(from), maxBytes }
      const { responses } = await broker.fetch({
        isolationLevel,
        maxWaitTime: MAX_WAIT_MS,
        minBytes: 1,
        maxBytes,
        topics: [{ topic, partitions: [asked] }],
      })
      const { messages, abortedTransactions } = responses[0]!.partitions[0]!
      // a batch comes whole, with what lies before the offset in it
      return { messages: messages.filter((m) => Number(m.offset) >= from), abortedTransactions }
    })

  async function fetch(
    topic: string,
    partition: number,
    from: number,
    maxBytes?: number,
  ): Promise<Fetched> {
    const fetched = await ask(topic, partition, from, READ_COMMITTED, maxBytes)
    const records = filterAbortedMessages(fetched)
      .filter((m) => !m.isControlRecord)
      .map((m) => recordOf(partition, m))
    return { records, next: Number(fetched.messages.at(-1)?.offset ?? from - 1) + 1 }
  }

  return {
    beginnings: (topic) => offsets(topic, EARLIEST),
    lastStableOffsets: (topic) => offsets(topic, LATEST),
    highWatermarks: (topic) => offsets(topic, LATEST, READ_UNCOMMITTED),
    async offsetAt(topic, partition, time) {
      const found = await offset(topic, partition, time, READ_COMMITTED)
      return found === -1 ? undefined : found
    },
    async appendTimeOf(topic, partition, from) {
      const { messages } = await ask(topic, partition, from, READ_UNCOMMITTED, ONE_BATCH)
      return messages[0] && Number(messages[0].timestamp)
    },
    async *read(topic, { partition, from, to }, { stallMs = 10_000, maxBytes } = {}) {
      let movedAt = performance.now()
      for (let at = from; at < to;) {
        const { records, next } = await fetch(topic, partition, at, maxBytes)
        if (next > at) movedAt = performance.now()
        else if (performance.now() - movedAt >= stallMs)
          throw new RetryableError(
            'READ_STALLED',
            `Nothing more of ${topic} partition ${partition} can be read from offset ${at} on, of ${to}`,
            {
              remedy: 'an open transaction may hold readers back; try again once it has timed out',
            },
          )
        at = next
        yield { records: records.filter((record) => record.offset < to), next: Math.min(next, to) }
      }
    },
    close: () => cluster.disconnect(),
  }
}

/**
 * Where the next record lies that a reader from here on would be shown: past markers, and past what was aborted.
 * @returns the range's end where it holds none
 */
export async function nextRecord(fetcher: Fetcher, topic: string, range: Range): Promise<number> {
  // as a rule the first batch has it
  for await (const { records } of fetcher.read(topic, range, { maxBytes: ONE_BATCH })) {
    const [first] = records
    if (first) return first.offset
  }
  return Math.max(range.from, range.to)
}
