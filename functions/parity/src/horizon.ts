/**
 * When all that a deployment wrote about the raw records below its committed offset has been read, as the contract has
 * it: the committed offset first, then the high watermarks of the topics it writes to, and then the reader has passed
 * those. Pure; one for each side, partition and kind of record.
 */
export class Horizon {
  readonly #topics: number
  #sample: { committed: number; at: number; targets: (number | undefined)[] } | undefined
  /** came while the other was still being waited for */
  #next: { committed: number; at: number } | undefined

  /** @param topics that the side may write to */
  constructor(topics: number) {
    this.#topics = topics
  }

  /** @param at when the committed offset was known, on the clock of `fetched` */
  committed(committed: number, at: number): void {
    if (this.#sample) this.#next = { committed, at }
    else this.#begin({ committed, at })
  }

  /**
   * A fetch of one of the topics was answered.
   * @param askedAt when it was asked: what it says of the high watermark is not older
   * @param positions of the reader, by topic
   * @returns the raw offset below which all has been read, where there is a new one
   */
  fetched(
    topic: number,
    askedAt: number,
    high: number,
    positions: readonly number[],
  ): number | undefined {
    const sample = this.#sample
    if (!sample) return undefined
    if (askedAt >= sample.at) sample.targets[topic] ??= high
    const passed = sample.targets.every(
      (target, i) => target !== undefined && positions[i]! >= target,
    )
    if (!passed) return undefined
    this.#sample = undefined
    if (this.#next) this.#begin(this.#next)
    this.#next = undefined
    return sample.committed
  }

  #begin({ committed, at }: { committed: number; at: number }) {
    this.#sample = { committed, at, targets: Array.from({ length: this.#topics }, () => undefined) }
  }
}
