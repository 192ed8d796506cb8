import { RetryableError, TerminalError, messageOf, type Registry } from '@order-up/kit'
import {
  RAW_SUBJECT,
  RAW_TOPIC,
  currentSchema,
  partitionOf,
  type OrderEvent,
} from '@order-up/schemas'
import type { Kafka, Producer, RecordMetadata } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventEncoder } from './event-encoder.ts'
import { SendQueue } from './send-queue.ts'

/** What goes into the raw topic; well formed or not is the sender's caller's business. */
export interface RawMessage {
  key: Buffer | null
  value: Buffer | null
  partition: number
}

/** Where a message lies. */
export interface Appended {
  partition: number
  offset: number
}

export interface RawSender {
  /** of the raw topic, fixed for the topic's life */
  partitions: number
  /** of this code's raw schema */
  schemaId: number
  /** frames an event and gives it its key's partition */
  messageOf(event: OrderEvent): RawMessage
  /**
   * Appends messages in their order, acknowledged by all in-sync replicas, and says where each lies. Calls may
   * overlap: what waits goes together in the next request. While Kafka does not answer, the same request is sent
   * again, and the broker drops what it already has. After an error the outcome is unknown, and sending again may
   * append twice, which every engine drops by event_id.
   * @throws RetryableError `KAFKA_UNREACHABLE` once patience is over, `SENDER_CLOSED`
   * @throws TerminalError `KAFKA_REFUSED` where the broker will never take it
   */
  send(messages: readonly RawMessage[]): Promise<Appended[]>
  /** Begins no other request and disconnects. What takes longer than `graceMs` (default 5 s) ends in the background. */
  close(graceMs?: number): Promise<void>
}

export interface RawSenderOptions {
  kafka: Kafka
  registry: Registry
  /** how long to try when Kafka does not answer, ms (default: until closed) */
  patienceMs?: number
  /** told of each failed attempt that will be repeated */
  onRetry?: (why: string) => void
}

const RETRY_EVERY_MS = 500

/**
 * A sender for the raw topic: an idempotent producer, acks from all, every partition given. It looks the schema's id
 * up and never registers one.
 * @throws RetryableError `KAFKA_UNREACHABLE`, `REGISTRY_UNREACHABLE`
 * @throws TerminalError `TOPIC_MISSING`, `SCHEMA_NOT_REGISTERED`
 */
export async function createRawSender(options: RawSenderOptions): Promise<RawSender> {
  const { kafka, registry, patienceMs = Infinity, onRetry } = options
  const [schemaId, partitions] = await Promise.all([
    registry.idOf(RAW_SUBJECT, currentSchema(RAW_SUBJECT)),
    countPartitions(kafka),
  ])
  let producer = await connect(kafka)
  const encode = eventEncoder(schemaId)
  const closing = new AbortController()

  /** One request, repeated until it is known to be appended. */
  async function append(messages: readonly RawMessage[]): Promise<Appended[]> {
    const bases = new Map<number, number>()
    const giveUpAt = performance.now() + patienceMs
    let rest = messages
    for (;;) {
      try {
        for (const { partition, baseOffset } of await produce(producer, rest))
          bases.set(partition, Number(baseOffset))
        // kafkajs forgets a partition whose leader moved, during a retry, to a broker that had answered already
        rest = messages.filter(({ partition }) => !bases.has(partition))
        if (rest.length === 0) return offsetsOf(messages, bases)
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal === 'final') throw refused(error)
        if (closing.signal.aborted || performance.now() > giveUpAt) throw unreachable(error)
        onRetry?.(messageOf(error))
        await sleep(RETRY_EVERY_MS, undefined, { signal: closing.signal }).catch(() => {})
        if (refusal === 'sequence') {
          const old = producer
          producer = await connect(kafka).catch(() => old) // then the next attempt says so
          if (producer !== old) void old.disconnect()
        }
      }
    }
  }
  const queue = new SendQueue(append)

  return {
    partitions,
    schemaId,
    messageOf(event) {
      const key = Buffer.from(event.order_id)
      return { key, value: encode(event), partition: partitionOf(key, partitions) }
    },
    send: (messages) => queue.add(messages),
    async close(graceMs = 5_000) {
      closing.abort()
      const stopWaiting = new AbortController()
      // kafkajs disconnects only once pending requests have ended, which a stalled broker delays to their timeout
      const closed = queue.close().then(() => producer.disconnect())
      const grace = sleep(graceMs, undefined, { signal: stopWaiting.signal }).catch(() => {})
      await Promise.race([closed, grace])
      stopWaiting.abort()
    },
  }
}

async function countPartitions(kafka: Kafka): Promise<number> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [RAW_TOPIC] })
    return topics[0]!.partitions.length
  } catch (error) {
    if (protocolErrorOf(error)?.type === 'UNKNOWN_TOPIC_OR_PARTITION')
      throw new TerminalError('TOPIC_MISSING', `Topic ${RAW_TOPIC} does not exist`, {
        remedy: 'deploy the topics first (`npm run order-up -- up` does so locally)',
      })
    throw unreachable(error)
  } finally {
    await admin.disconnect()
  }
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    // every message says its partition; kafkajs's own murmur2 would cost more than the rest of producing
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
    retry: { retries: 5 }, // the rest of the patience is in append(), where it can be ended
  })
  try {
    await producer.connect()
    return producer
  } catch (error) {
    await producer.disconnect()
    throw unreachable(error)
  }
}

function produce(producer: Producer, messages: readonly RawMessage[]): Promise<RecordMetadata[]> {
  return producer.send({ topic: RAW_TOPIC, acks: -1, messages: messages as RawMessage[] })
}

function offsetsOf(messages: readonly RawMessage[], bases: Map<number, number>): Appended[] {
  return messages.map(({ partition }) => {
    const offset = bases.get(partition)!
    bases.set(partition, offset + 1)
    return { partition, offset }
  })
}

interface ProtocolError {
  type: string
  retriable: boolean
}

/** The broker's own answer inside of what kafkajs throws, if it answered. */
function protocolErrorOf(error: unknown): ProtocolError | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e.name === 'KafkaJSProtocolError') return e as Error & ProtocolError
  }
  return undefined
}

/** The broker and this producer disagree about what was sent: only a new producer id can go on. */
const SEQUENCE_ERRORS: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
])

function refusalOf(error: unknown): 'sequence' | 'final' | undefined {
  const answer = protocolErrorOf(error)
  if (!answer) return isBug(error) ? 'final' : undefined
  if (SEQUENCE_ERRORS.has(answer.type)) return 'sequence'
  return answer.retriable ? undefined : 'final'
}

/** kafkajs wraps a TypeError and its like as it does a lost connection; repeating it would go on for ever. */
function isBug(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  return (
    /^(Type|Range|Reference|Syntax)Error$/.test(error.name) ||
    (error.cause ? isBug(error.cause) : false)
  )
}

const unreachable = (cause: unknown) =>
  new RetryableError('KAFKA_UNREACHABLE', 'Kafka does not answer', {
    cause,
    remedy: 'check KAFKA_BROKERS, or `npm run order-up -- status`',
  })

const refused = (cause: unknown) =>
  new TerminalError('KAFKA_REFUSED', `Kafka refuses the records`, { cause })
