import { open } from 'node:fs/promises'
import { memoryOf, type Memory } from '@order-up/fold'
import { aligned, BLOCK_HEAD } from './log-block.ts'
import { Segment } from './log-segment.ts'

/**
 * The segments of a log, oldest first, and the memory they lie in: the newest ones, as many as the budget allows.
 * Memory is taken over from the oldest for the next, so that it need not be collected.
 */
export class Segments {
  readonly #dir: string
  readonly #segmentBytes: number
  readonly #memoryBytes: number
  /** their ids follow one another */
  #all: Segment[] = []
  #first: number
  /** bytes of memory, spare or not */
  #held = 0
  readonly #spare: Memory[] = []
  /** the oldest that may be in memory because it is new */
  #residentFrom: number
  /** It stays in memory: it is being read from one end to the other. */
  pinned: Segment | null = null

  /** @param first id of the first segment to be added */
  constructor(dir: string, first: number, segmentBytes: number, memoryBytes: number) {
    this.#dir = dir
    this.#segmentBytes = segmentBytes
    this.#memoryBytes = memoryBytes
    this.#first = first
    this.#residentFrom = first
  }

  get first(): number {
    return this.#first
  }

  /** The id of the next to be added. */
  get next(): number {
    return this.#first + this.#all.length
  }

  get tail(): Segment {
    return this.#all[this.#all.length - 1]!
  }

  get(id: number): Segment {
    return this.#all[id - this.#first]!
  }

  [Symbol.iterator](): Iterator<Segment> {
    return this.#all.values()
  }

  /** bytes of those from this one on */
  bytesFrom(id: number): number {
    let bytes = 0
    for (let i = id - this.#first; i < this.#all.length; i++) bytes += this.#all[i]!.end
    return bytes
  }

  /** bytes that are not in a file */
  get unwritten(): number {
    let bytes = 0
    for (let i = this.#all.length - 1; i >= 0; i--) {
      const { end, written } = this.#all[i]!
      if (end > 0 && written === end) break // so are all before
      bytes += end - written
    }
    return bytes
  }

  /** Those with bytes of no block yet. */
  get unsealed(): Segment[] {
    const segments: Segment[] = []
    for (let i = this.#all.length - 1; i >= 0; i--) {
      const segment = this.#all[i]!
      if (segment.end > segment.sealed) segments.unshift(segment)
      else if (segment.end > 0) break // so are all before
    }
    return segments
  }

  /** Adds an empty one with room for a block of this many bytes of records. */
  add(bytes = 0): void {
    const memory = this.#take(BLOCK_HEAD + aligned(bytes))
    this.#all.push(new Segment(this.#dir, this.next, memory))
  }

  /** Adds the one that is in a file. */
  async load(): Promise<Segment> {
    const segment = new Segment(this.#dir, this.next, null)
    segment.end = await segment.open()
    segment.memory = this.#take(segment.end)
    await segment.read(segment.memory, segment.end)
    this.#all.push(segment)
    return segment
  }

  /** Brings one back into memory. */
  async reload(segment: Segment): Promise<void> {
    const memory = this.#take(segment.end)
    try {
      await segment.read(memory, segment.end)
      segment.memory = memory
    } catch (error) {
      this.#give(memory)
      throw error
    }
  }

  /** @returns where in the tail so many bytes can be written next; it is another segment if need be */
  room(bytes: number): number {
    const { tail } = this
    const start = tail.end === tail.sealed ? tail.end + BLOCK_HEAD : tail.end
    if (start + aligned(bytes) <= tail.memory!.bytes.length) return start
    if (tail.end === 0) this.dropTail()
    this.add(bytes)
    return BLOCK_HEAD
  }

  /** Forgets the newest one, which has no file yet. */
  dropTail(): void {
    this.#free(this.#all.pop()!)
  }

  /** Memory for a segment of this length. */
  #take(bytes: number): Memory {
    const size = Math.max(bytes, this.#segmentBytes)
    const spare = size === this.#segmentBytes ? this.#spare.pop() : undefined
    if (spare) return spare
    this.#held += size
    return memoryOf(Buffer.allocUnsafeSlow(size))
  }

  /** Frees memory until there is room for one more segment, as far as what lies there is also in its file. */
  fit(): void {
    while (this.#held + (this.#spare.length > 0 ? 0 : this.#segmentBytes) > this.#memoryBytes) {
      const segment = this.#oldestResident()
      if (!segment || segment.written < segment.end) return
      this.#free(segment)
    }
  }

  /** What the pinned one holds is needed no more; its file still is. */
  freePinned(): void {
    this.#free(this.pinned!)
    this.pinned = null
  }

  /** Removes the newest one and its file. */
  async removeTail(): Promise<void> {
    await this.tail.remove()
    this.dropTail()
  }

  /** Removes those before this one. */
  async removeBefore(id: number): Promise<void> {
    const removed = this.#all.slice(0, id - this.#first)
    for (const segment of removed) {
      await segment.remove()
      this.#free(segment)
      this.#all.shift()
      this.#first++
    }
  }

  /** Makes sure that all that was written is on the disk, names included. */
  async sync(): Promise<void> {
    for (const segment of this.#all) if (segment.synced < segment.written) await segment.sync()
    const dir = await open(this.#dir, 'r')
    await dir.sync().finally(() => dir.close())
  }

  #oldestResident(): Segment | undefined {
    for (this.#residentFrom = Math.max(this.#residentFrom, this.#first); ; this.#residentFrom++) {
      if (this.#residentFrom >= this.next - 1) return undefined
      const segment = this.get(this.#residentFrom)
      if (segment.memory && segment !== this.pinned) return segment
    }
  }

  #free(segment: Segment): void {
    const { memory } = segment
    if (!memory) return
    segment.memory = null
    this.#give(memory)
  }

  #give(memory: Memory): void {
    if (memory.bytes.length === this.#segmentBytes && this.#held <= this.#memoryBytes)
      this.#spare.push(memory)
    else this.#held -= memory.bytes.length
  }
}
