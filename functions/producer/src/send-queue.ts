import { RetryableError } from '@order-up/kit'
import type { Appended, RawMessage } from './send.ts'

/**
 * Per partition of one request: kafkajs's grouping is quadratic in the first, the broker refuses a batch of more
 * than max.message.bytes (1,048,588 by default).
 */
export const MAX_PARTITION_MESSAGES = 500
export const MAX_PARTITION_BYTES = 1_000_000
/** What a record costs beside its key and value, at most. */
const RECORD_OVERHEAD = 40

interface Waiting {
  messages: readonly RawMessage[]
  /** how many of them earlier requests have taken */
  taken: number
  appended: Appended[]
  resolve(appended: Appended[]): void
  reject(error: unknown): void
}

/** A run of one caller's messages in a request. */
interface Span {
  of: Waiting
  count: number
}

/**
 * Messages on their way to Kafka, one request at a time: kafkajs gives a failed request's sequence numbers to
 * whichever request comes next, and if the failed one had been appended, the broker takes that next one for a
 * repetition and drops it.
 */
export class SendQueue {
  readonly #append: (messages: readonly RawMessage[]) => Promise<Appended[]>
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #closed = false

  /** @param append sends one request and says where each message lies */
  constructor(append: (messages: readonly RawMessage[]) => Promise<Appended[]>) {
    this.#append = append
  }

  /** Queues messages. Resolves when all of them are appended; rejects when the outcome of one is unknown. */
  add(messages: readonly RawMessage[]): Promise<Appended[]> {
    if (this.#closed) return Promise.reject(closed())
    const { promise, resolve, reject } = Promise.withResolvers<Appended[]>()
    if (messages.length === 0) return Promise.resolve([])
    this.#waiting.push({ messages, taken: 0, appended: [], resolve, reject })
    this.#running ??= this.#run()
    return promise
  }

  /** Begins no other request; resolves when the one under way has ended and the rest is rejected. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#closed) {
      const { messages, spans } = this.#take()
      try {
        this.#settle(spans, await this.#append(messages))
      } catch (error) {
        for (const { of } of spans) of.reject(error)
        const failed = new Set(spans.map(({ of }) => of))
        this.#waiting = this.#waiting.filter((waiting) => !failed.has(waiting))
      }
    }
    for (const { reject } of this.#waiting.splice(0)) reject(closed())
    this.#running = undefined // at once, not in a callback: whoever was just answered may add more before that
  }

  /** As many messages as one request may hold, in order. */
  #take(): { messages: RawMessage[]; spans: Span[] } {
    const messages: RawMessage[] = []
    const spans: Span[] = []
    const load = new Map<number, { count: number; bytes: number }>()
    for (const of of this.#waiting) {
      const from = of.taken
      while (of.taken < of.messages.length) {
        const message = of.messages[of.taken]!
        if (!fits(load, message)) break
        messages.push(message)
        of.taken += 1
      }
      if (of.taken > from) spans.push({ of, count: of.taken - from })
      if (of.taken < of.messages.length) break
    }
    return { messages, spans }
  }

  #settle(spans: Span[], appended: Appended[]) {
    let at = 0
    for (const { of, count } of spans) {
      for (let i = 0; i < count; i++) of.appended.push(appended[at++]!)
      if (of.appended.length === of.messages.length) of.resolve(of.appended)
    }
    this.#waiting = this.#waiting.filter(({ taken, messages }) => taken < messages.length)
  }
}

/** Adds a message to its partition's load if it fits; the first always does. */
function fits(load: Map<number, { count: number; bytes: number }>, message: RawMessage): boolean {
  const bytes = RECORD_OVERHEAD + (message.key?.length ?? 0) + (message.value?.length ?? 0)
  const partition = load.get(message.partition)
  if (!partition) {
    load.set(message.partition, { count: 1, bytes })
    return true
  }
  if (partition.count === MAX_PARTITION_MESSAGES) return false
  if (partition.bytes + bytes > MAX_PARTITION_BYTES) return false
  partition.count += 1
  partition.bytes += bytes
  return true
}

const closed = () =>
  new RetryableError('SENDER_CLOSED', 'The sender was closed before this was sent')
