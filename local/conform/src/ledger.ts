import type { CuratedOrder, OrderEvent, Reason } from '@order-up/schemas'
import type { IHeaders } from 'kafkajs'

/** What a record of raw is, known from how it was made: the kit never decodes one to find out. */
export type Meaning =
  /** applied unless its id was applied to its order before; the row is the model's */
  | { is: 'event'; event: OrderEvent }
  /** applied, and this is the row */
  | { is: 'row'; row: CuratedOrder }
  /** applied; what the row holds is not known here */
  | { is: 'applied'; orderId: string }
  | { is: 'duplicate' }
  | { is: 'rejected'; reason: Reason }

/** A record to be written to raw. */
export interface RawEntry {
  key: Buffer | null
  value: Buffer | null
  partition: number
  headers?: IHeaders
  meaning: Meaning
}

type Content = Pick<RawEntry, 'key' | 'value' | 'partition'>

/**
 * What the kit has written to raw. A record that is read again is known by its content; where several have the same,
 * they were written to one partition, and so are read in the order in which they were written.
 */
export class Ledger {
  readonly #written = new Map<string, { meanings: Meaning[]; read: number }>()

  /** Before the record is sent. */
  note(entry: RawEntry): void {
    const name = nameOf(entry)
    const known = this.#written.get(name)
    if (known) known.meanings.push(entry.meaning)
    else this.#written.set(name, { meanings: [entry.meaning], read: 0 })
  }

  /** Of the next record with this content; undefined = it was never written, or was aborted. */
  next(record: Content): Meaning | undefined {
    const known = this.#written.get(nameOf(record))
    // a record may lie there once more than it was sent: a producer that got no answer repeats itself
    return known?.meanings[Math.min(known.read++, known.meanings.length - 1)]
  }
}

const nameOf = ({ key, value, partition }: Content) =>
  `${partition} ${key?.toString('latin1') ?? 'null'} ${key?.length} ${value?.toString('latin1') ?? 'null'} ${value?.length}`
