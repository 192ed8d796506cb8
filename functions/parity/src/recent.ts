import { Held, type Bytes } from './lane.ts'
import { sampleOf, storedSample, type Sample, type Window } from './plants.ts'
import type { Kind } from './report.ts'
import type { Resume } from './resume.ts'

const KINDS = ['row', 'dead letter'] as const
/** of each kind, about: of every partition a few, the first after each turn */
const SAMPLES = 64
const OF_PARTITION = 2

/** Some of what was equal on both sides of late, to plant faults in. */
export class Recent {
  readonly #perPartition: number
  readonly #partitions: number
  #window: Record<Kind, readonly Sample[]>
  #fresh: Record<Kind, Sample[][]>

  constructor(partitions: number, stored: Resume['window'] | undefined) {
    this.#partitions = partitions
    this.#perPartition = Math.max(OF_PARTITION, Math.floor(SAMPLES / partitions))
    const { rows = [], deadLetters = [] } = stored ?? {}
    this.#window = { row: rows.map(sampleOf), 'dead letter': deadLetters.map(sampleOf) }
    this.#fresh = { row: this.#none(), 'dead letter': this.#none() }
  }

  #none(): Sample[][] {
    return Array.from({ length: this.#partitions }, () => [])
  }

  /** Called for every record: it keeps a few. */
  add(kind: Kind, partition: number, offset: number, key: Bytes, content: Bytes): void {
    const own = this.#fresh[kind][partition]!
    if (own.length < this.#perPartition)
      own.push({ partition, offset, record: Held.of(key, content) })
  }

  /** What came since the last time, or else the same again. */
  turn(): Window {
    for (const kind of KINDS) {
      const fresh = this.#fresh[kind].flat()
      if (fresh.length > 0) this.#window[kind] = fresh
      this.#fresh[kind] = this.#none()
    }
    return this.#window
  }

  get stored(): Resume['window'] {
    const { row, 'dead letter': letters } = this.#window
    return { rows: row.map(storedSample), deadLetters: letters.map(storedSample) }
  }
}
