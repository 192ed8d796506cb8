import { frameId, RAW_SUBJECT, type SchemaIds } from '@order-up/schemas'
import { waitForRegistry, type Log, type Registry } from '@order-up/kit'
import type { InRecord } from './transport.ts'

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
  async refreshFor(records: readonly InRecord[]): Promise<void> {
    const unknown = records.some(({ value }) => {
      const id = value ? frameId(value) : undefined
      return id !== undefined && !this.ids.has(id)
    })
    if (unknown) await this.refresh()
  }
}
