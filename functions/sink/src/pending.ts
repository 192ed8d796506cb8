import type { WarehouseRow } from './warehouse.ts'

/** What one MERGE takes: rows, and how far each partition has then been read. */
export interface Batch {
  rows: WarehouseRow[]
  /** partition → next offset to read; also past records that hold no row (transaction markers) */
  positions: ReadonlyMap<number, number>
  /** the assignment of partitions under which it was read */
  assignment: number
}

export interface Limits {
  /** rows of a MERGE; one fetch may go beyond */
  maxRows: number
  /** bytes of their records; one fetch may go beyond */
  maxBytes: number
  /** how long a row may wait for others, milliseconds */
  lingerMs: number
}

/**
 * Rows of all partitions between being read and being merged. While one batch is merged the next one fills, up to the
 * limits; then reading waits.
 */
export class Pending {
  readonly #limits: Limits
  #assignment = 0
  #rows: WarehouseRow[] = []
  #bytes = 0
  #positions = new Map<number, number>()
  /** when the oldest of what waits came, epoch milliseconds */
  #since: number | undefined
  #wake = Promise.withResolvers<void>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get assignment(): number {
    return this.#assignment
  }

  /** Partitions were assigned anew: what was not merged will be delivered again. */
  reassign() {
    this.#assignment++
    this.#clear()
  }

  add(partition: number, rows: readonly WarehouseRow[], bytes: number, next: number) {
    for (const row of rows) this.#rows.push(row)
    this.#bytes += bytes
    this.#positions.set(partition, Math.max(next, this.#positions.get(partition) ?? 0))
    this.#since ??= Date.now()
    this.#signal()
  }

  /** Positions of a batch whose offsets could not be committed, for the next attempt. */
  restore({ positions, assignment }: Batch) {
    if (assignment !== this.#assignment) return
    for (const [partition, next] of positions) {
      if (!this.#positions.has(partition)) this.#positions.set(partition, next)
    }
    this.#since ??= Date.now()
    this.#signal()
  }

  get full(): boolean {
    return this.#rows.length >= this.#limits.maxRows || this.#bytes >= this.#limits.maxBytes
  }

  /** Resolves when something changed: rows came, were taken or were dropped. */
  changed(): Promise<void> {
    return this.#wake.promise
  }

  /** Milliseconds until the batch is due; undefined while nothing waits. */
  dueIn(now: number): number | undefined {
    if (this.#since === undefined) return undefined
    return this.full ? 0 : Math.max(0, this.#since + this.#limits.lingerMs - now)
  }

  take(): Batch {
    const batch = { rows: this.#rows, positions: this.#positions, assignment: this.#assignment }
    this.#clear()
    return batch
  }

  #clear() {
    this.#rows = []
    this.#bytes = 0
    this.#positions = new Map()
    this.#since = undefined
    this.#signal()
  }

  #signal() {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}
