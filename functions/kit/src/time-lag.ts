/** A look at the end of the log that is older than this says nothing any more, milliseconds. */
const LOOK_LASTS_MS = 20_000

/**
 * How long the oldest record of a partition that is not yet committed has been in the log.
 *
 * It is told of commits and of looks at the log's end, never of single records, so what it says is at most too much: by
 * the time between the last committed record and the next, or since the last look at which everything was committed.
 */
export class TimeLag {
  /** the next offset to commit */
  #next: number
  #end = 0
  #lookedAt = -Infinity
  /** whatever is not committed was appended after this, epoch milliseconds; undefined = nothing is known of it */
  #since: number | undefined

  /** @param next the committed offset */
  constructor(next: number) {
    this.#next = next
  }

  /**
   * Everything below `next` is done with; an older answer changes nothing.
   * @param appendedAt when the last record below was appended; absent where no record was
   */
  committed(next: number, appendedAt?: number): void {
    if (next < this.#next) return
    this.#next = next
    if (appendedAt !== undefined) this.#since = appendedAt
  }

  /** The log was seen to end before offset `end`. */
  looked(end: number, now: number): void {
    this.#end = end
    this.#lookedAt = now
    if (this.#next >= end) this.#since = now
  }

  /** 0 = caught up; NaN = not known. */
  seconds(now: number): number {
    if (now - this.#lookedAt > LOOK_LASTS_MS) return NaN
    if (this.#next >= this.#end) return 0
    return this.#since === undefined ? NaN : Math.max(0, now - this.#since) / 1_000
  }
}
