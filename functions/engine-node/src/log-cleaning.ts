import {
  aligned,
  BLOCK_HEAD,
  blockLength,
  hashOf,
  recordLength,
  writeReplaced,
} from './log-block.ts'
import type { LogIndex } from './log-index.ts'
import type { Log } from './log-reading.ts'
import type { Segment } from './log-segment.ts'
import type { Segments } from './log-segments.ts'

/** A log of more than so many times what is live in it is cleaned. */
const RATIO = 2
/** How much is looked through in a step, beside so many times what was put: enough to keep up. */
const STEP_BYTES = 64 << 10
const STEP_FACTOR = 4

/**
 * Makes a log shorter at its beginning: what is live in its oldest segment is written again at its end, a part with
 * each commit. The oldest rather than the emptiest: then whatever comes later in the log is newer, so that any part of
 * it from the oldest needed segment on is a whole state. However orders age, that copies at most one byte for each
 * that is put (at a ratio of 2): in the time of one round, as much is put as is live.
 */
export class Cleaning {
  readonly #segments: Segments
  readonly #index: LogIndex
  readonly #fromBytes: number
  /** the first segment that has not been cleaned */
  #oldest: number
  /** the one being cleaned, and how far */
  #victim: Segment | null = null
  #at = 0
  #blockEnd = 0
  #loading: Promise<void> | undefined

  constructor({ segments, index, oldest }: Log, fromBytes: number) {
    this.#segments = segments
    this.#index = index
    this.#fromBytes = fromBytes
    this.#oldest = oldest
  }

  /** The oldest segment that is needed: nothing in those before is live. */
  get oldest(): number {
    return this.#oldest
  }

  /**
   * Cleans a part. Not within a transaction.
   * @param live bytes of the newest records of all keys
   * @param put bytes that were put since the last step
   */
  step(live: number, put: number): void {
    for (let left = STEP_BYTES + STEP_FACTOR * put; left > 0;) {
      this.#victim ??= this.#choose(live)
      if (!this.#victim) return
      left -= this.#clean(this.#victim, left)
    }
  }

  /** Waits for what it has begun. */
  async stop(): Promise<void> {
    await this.#loading
  }

  #choose(live: number): Segment | null {
    const segments = this.#segments
    if (this.#oldest >= segments.tail.id || this.#loading) return null
    const bytes = segments.bytesFrom(this.#oldest)
    if (bytes < this.#fromBytes || bytes < RATIO * live) return null
    const segment = segments.get(this.#oldest)
    if (segment.written < segment.end) return null
    this.#at = 0
    this.#blockEnd = 0
    segments.pinned = segment
    if (segment.memory) return segment
    this.#loading = this.#load(segment)
    return null
  }

  /** Reads it at once rather than record by record. If that fails, it is tried again with the next step. */
  async #load(segment: Segment): Promise<void> {
    await this.#segments.reload(segment).catch(() => {})
    this.#loading = undefined
  }

  /** @returns how many bytes were looked through */
  #clean(victim: Segment, most: number): number {
    const memory = victim.memory!
    const start = this.#at
    const stop = Math.min(victim.end, start + most)
    while (this.#at < stop) {
      if (this.#at === this.#blockEnd) {
        this.#blockEnd += blockLength(memory, this.#at, victim.end)
        this.#at += BLOCK_HEAD
        continue
      }
      const length = recordLength(memory, this.#at)
      const slot = this.#index.find(hashOf(memory, this.#at), victim.id, this.#at)
      if (slot >= 0) this.#copy(victim, this.#at, length, slot)
      this.#at += aligned(length)
    }
    if (this.#at === victim.end) {
      this.#victim = null
      this.#oldest++
      this.#segments.freePinned()
    }
    return stop - start
  }

  #copy(victim: Segment, at: number, length: number, slot: number): void {
    const segments = this.#segments
    const start = segments.room(length)
    const { tail } = segments
    victim.memory!.bytes.copy(tail.memory!.bytes, start, at, at + length)
    writeReplaced(tail.memory!, start, victim.id, at)
    this.#index.move(slot, tail.id, start, length)
    tail.end = start + aligned(length)
  }
}
