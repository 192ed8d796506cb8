import type { SchemaIds } from '@order-up/schemas'
import type { Finding } from './lane.ts'
import { MAX_EXAMPLES, type Difference, type Kind } from './report.ts'
import { rowOf, textOf } from './row-fields.ts'

/** The first differences that were found, as a report shows them. */
export class Examples {
  readonly #list: Difference[]
  readonly #names: readonly [string, string]
  readonly #ids: SchemaIds

  /** @param list to go on from @param ids all of the curated subject */
  constructor(list: readonly Difference[], names: readonly [string, string], ids: SchemaIds) {
    this.#list = [...list]
    this.#names = names
    this.#ids = ids
  }

  get list(): Difference[] {
    return [...this.#list]
  }

  add(kind: Kind, partition: number, { is, side, offset, records, fields }: Finding): void {
    if (this.#list.length >= MAX_EXAMPLES) return
    const [a, b] = this.#names
    const record = records[side]
    const row = kind === 'row' && record ? rowOf(record, this.#ids) : undefined
    this.#list.push({
      kind,
      is,
      deployment: is === 'different' ? null : this.#names[side],
      order_id: row?.order_id ?? textOf(record?.key ?? null),
      version: row?.version ?? null,
      partition,
      offset,
      fields: Object.fromEntries(
        Object.entries(fields).map(([field, values]) => [
          field,
          { [a]: values[0], [b]: values[1] },
        ]),
      ),
    })
  }
}
