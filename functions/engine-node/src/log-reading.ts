import { rm } from 'node:fs/promises'
import type { Memory } from '@order-up/fold'
import {
  aligned,
  BLOCK_HEAD,
  hashOf,
  readBlock,
  recordLength,
  replacedPosition,
  replacedSegment,
  type Block,
} from './log-block.ts'
import { LogIndex } from './log-index.ts'
import { segmentIds, segmentPath } from './log-files.ts'
import { Segments } from './log-segments.ts'
import type { Position } from './position.ts'

/** A log and what is known of it. */
export interface Log {
  segments: Segments
  index: LogIndex
  /** bytes of the newest record of each key */
  live: number
  /** null = it is empty */
  position: Position | null
  /** the oldest segment that is needed */
  oldest: number
}

/**
 * Reads the log in a folder up to its newest block that stands for something, and cuts off the rest. A log that does not
 * begin with what that block needs is none: it is removed.
 */
export async function readLog(
  dir: string,
  segmentBytes: number,
  memoryBytes: number,
): Promise<Log> {
  const ids = await segmentIds(dir)
  const segments = new Segments(dir, ids[0] ?? 1, segmentBytes, memoryBytes)
  const reading = new LogReading(segments)
  const isWhole = await reading.read(ids)
  if (!isWhole) await segments.removeBefore(segments.next)
  for (const id of ids.filter((id) => id >= segments.next).toReversed())
    await rm(segmentPath(dir, id), { force: true })
  if (segments.first === segments.next) segments.add()
  const { index, live, last } = reading
  return isWhole
    ? { segments, index, live, position: last!.position, oldest: last!.oldest }
    : { segments, index: new LogIndex(), live: 0, position: null, oldest: segments.first }
}

class LogReading {
  readonly index = new LogIndex()
  live = 0
  /** the newest block that stands for something */
  last: Block | undefined
  readonly #segments: Segments
  readonly #first: number
  /** blocks that count only if one with a position follows */
  #pending: Block[] = []

  constructor(segments: Segments) {
    this.#segments = segments
    this.#first = segments.first
  }

  /** @returns whether there is a whole state; all else is then cut off */
  async read(ids: readonly number[]): Promise<boolean> {
    for (const id of ids) {
      if (id !== this.#segments.next) break // one is missing
      if (!(await this.#readSegment())) break
      this.#segments.fit()
    }
    if (!this.last || this.last.oldest < this.#first) return false
    while (this.#segments.tail.id > this.last.segment) await this.#segments.removeTail()
    const { tail } = this.#segments
    await tail.cut(this.last.end)
    if (!tail.memory) await this.#segments.reload(tail)
    return true
  }

  /** @returns whether all of it is whole blocks */
  async #readSegment(): Promise<boolean> {
    const segment = await this.#segments.load()
    const memory = segment.memory!
    let start = 0
    while (start < segment.end) {
      const block = readBlock(memory, segment.id, start, segment.end)
      if (!block) return false
      start = block.end
      this.#pending.push(block)
      if (block.position && !this.#take(block)) return false
    }
    return start > 0
  }

  /** @returns whether what it needs is there */
  #take(last: Block): boolean {
    for (const block of this.#pending) {
      const segment = this.#segments.get(block.segment)
      if (!this.#takeRecords(segment.memory!, block)) return false
      segment.sealed = block.end
      segment.written = block.end
    }
    this.#pending = []
    this.last = last
    return true
  }

  #takeRecords(memory: Memory, { segment, start, end }: Block): boolean {
    const { index } = this
    for (let at = start + BLOCK_HEAD; at < end;) {
      const hash = hashOf(memory, at)
      const length = recordLength(memory, at)
      const before = replacedSegment(memory, at)
      // Where the record that it replaces is no longer there, there is none of its key: what is gone is always the
      // oldest. So no keys are compared here, which would cost a read from memory or disk for each.
      const slot = index.find(hash, before, replacedPosition(memory, at))
      if (slot >= 0) {
        this.live -= aligned(index.length(slot))
        index.move(slot, segment, at, length)
      } else if (before < this.#first) index.insert(slot, hash, segment, at, length)
      else return false
      at += aligned(length)
      this.live += aligned(length)
    }
    return true
  }
}
