import { frameIdAt, RAW_SUBJECT, type SchemaIds } from '@order-up/schemas'
import { waitForRegistry, type Log, type RecordList, type Registry } from '@order-up/kit'

/**
 * The raw subject's schema ids. A record with an id that is not among them is malformed only if the registry, asked
 * after the record was read, does not know it: a deploy may have just added it.
 */
export class RawIds {
  ids: SchemaIds = new Map()
  readonly #registry: Registry
  readonly #log: Log
  readonly #signal: AbortSignal

  constructor(registry: Registry, log: Log, signal: AbortSignal) {
    this.#registry = registry
    this.#log = log
    this.#signal = signal
  }

  /** Asks the registry, and waits for it as long as it takes. */
  async refresh(): Promise<void> {
    const ask = () => this.#registry.subjectIds(RAW_SUBJECT)
    const onWait = (why: string) => this.#log.warn({ why }, 'waiting for the schema registry')
    this.ids = await waitForRegistry(ask, { signal: this.#signal, onWait })
  }

  /** Refreshes if one of these records has an unknown id. */
  async refreshFor(records: RecordList): Promise<void> {
    const { bufs, valueStarts, valueLengths } = records
    for (let i = 0; i < records.length; i++) {
      const id = frameIdAt(bufs[i]!, valueStarts[i]!, valueLengths[i]!)
      if (id !== undefined && !this.ids.has(id)) return this.refresh()
    }
  }
}
