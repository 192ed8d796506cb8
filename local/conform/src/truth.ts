import { modelRow } from '@order-up/fold/model'
import type { Fetcher, TopicRecord } from '@order-up/kit'
import { RAW_TOPIC, type CuratedOrder, type OrderEvent, type Reason } from '@order-up/schemas'
import type { Ledger, Meaning } from './ledger.ts'

/** What an engine must make of a record of raw. */
export type Answer =
  /** row null = applied, with a row that is not known here */
  | { is: 'row'; orderId: string; version: number; row: CuratedOrder | null }
  | { is: 'duplicate'; orderId: string | undefined; ofRaw: string | undefined }
  | { is: 'dead letter'; reason: Reason }

export interface Expected {
  record: TopicRecord
  answer: Answer
}

interface Applied {
  events: OrderEvent[]
  /** event id → where in raw */
  places: Map<string, string>
  version: number
}

/** partition/offset of a raw record */
export const placeOf = ({ partition, offset }: Pick<TopicRecord, 'partition' | 'offset'>) =>
  `${partition}/${offset}`

/**
 * What raw, as a read_committed reader sees it, asks of an engine. What each record is was known when it was written
 * (see Ledger), and rows are those of the plain model: nothing of an engine's code decides here.
 */
export class Truth {
  readonly #fetcher: Fetcher
  readonly #ledger: Ledger
  readonly #next = new Map<number, number>()
  readonly #orders = new Map<string, Applied>()
  /** by partition/offset, all so far */
  readonly expected = new Map<string, Expected>()

  constructor(fetcher: Fetcher, ledger: Ledger) {
    this.#fetcher = fetcher
    this.#ledger = ledger
  }

  /** Reads on to the end of raw. @returns what is new, in each partition's order */
  async advance(): Promise<Expected[]> {
    const found: Expected[] = []
    const ends = await this.#fetcher.lastStableOffsets(RAW_TOPIC)
    for (const [partition, to] of ends.entries()) {
      const from = this.#next.get(partition) ?? 0
      for await (const { records } of this.#fetcher.read(RAW_TOPIC, { partition, from, to }))
        for (const record of records) {
          const one = { record, answer: this.#answerTo(record) }
          this.expected.set(placeOf(record), one)
          found.push(one)
        }
      this.#next.set(partition, Math.max(from, to))
    }
    return found
  }

  #answerTo(record: TopicRecord): Answer {
    const meaning = this.#ledger.next(record)
    if (!meaning)
      throw new Error(`raw ${placeOf(record)} holds a record that the kit has not written`)
    return this.#answer(meaning, placeOf(record))
  }

  #answer(meaning: Meaning, place: string): Answer {
    switch (meaning.is) {
      case 'rejected':
        return { is: 'dead letter', reason: meaning.reason }
      case 'duplicate':
        return { is: 'duplicate', orderId: undefined, ofRaw: undefined }
      case 'row':
        this.#order(meaning.row.order_id).version = meaning.row.version
        return {
          is: 'row',
          orderId: meaning.row.order_id,
          version: meaning.row.version,
          row: meaning.row,
        }
      case 'applied': {
        const version = ++this.#order(meaning.orderId).version
        return { is: 'row', orderId: meaning.orderId, version, row: null }
      }
      case 'event': {
        const { event_id, order_id } = meaning.event
        const order = this.#order(order_id)
        const ofRaw = order.places.get(event_id)
        if (ofRaw !== undefined) return { is: 'duplicate', orderId: order_id, ofRaw }
        order.places.set(event_id, place)
        order.events.push(meaning.event)
        const row = modelRow(order_id, order.events)
        order.version = row.version
        return { is: 'row', orderId: order_id, version: row.version, row }
      }
    }
  }

  #order(id: string): Applied {
    const known = this.#orders.get(id)
    if (known) return known
    const order = { events: [], places: new Map<string, string>(), version: 0 }
    this.#orders.set(id, order)
    return order
  }
}
