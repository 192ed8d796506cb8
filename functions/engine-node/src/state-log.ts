import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { memoryOf, type Memory } from '@order-up/fold'
import { Cleaning } from './log-cleaning.ts'
import {
  aligned,
  isOfKey,
  NONE,
  sealBlock,
  stateAt,
  writeRecord,
  writeReplaced,
} from './log-block.ts'
import type { LogIndex } from './log-index.ts'
import { readLog, type Log } from './log-reading.ts'
import type { Segments } from './log-segments.ts'
import { LogUndo } from './log-undo.ts'
import type { LastRecord, Position } from './position.ts'
import { pack } from './state-backup.ts'

const MIB = 1 << 20

export interface StoreOptions {
  /** of states in memory, the newest; older ones are read from their file. Default 256 MiB; at least two segments */
  memoryBytes?: number
  /** of a segment; default an eighth of the memory, from 2 to 8 MiB */
  segmentBytes?: number
  /** a smaller log is not cleaned; default two segments */
  cleanFromBytes?: number
}

/**
 * The state of one partition's orders: a log of records in memory and on disk, and an index of where each order's
 * newest one lies. One transaction at a time puts records, which are then committed or forgotten. What is committed is
 * flushed now and then; losing what was not flushed costs a silent refold, never a row. Nothing is made for a record:
 * no object, no buffer.
 */
export class StateStore {
  /** Where the state lies that `find` has found: valid until the next call of anything but `reserve`. */
  memory: Memory
  at = 0
  length = 0
  /** The room that `reserve` has made. */
  roomMemory: Memory
  roomAt = 0

  readonly #segments: Segments
  readonly #index: LogIndex
  readonly #undo = new LogUndo()
  readonly #cleaning: Cleaning
  #position: Position
  /** what the last block stands for */
  #sealed: Position
  /** the oldest segment that the last block needs */
  #sealedOldest: number
  #writing: Promise<unknown> = Promise.resolve()

  /** bytes of the newest record of each key */
  #live: number
  /** where the log ends without what is not committed */
  #committedSegment = 0
  #committedEnd = 0
  /** what is read from a file */
  #scratch = memoryOf(Buffer.allocUnsafeSlow(4_096))

  // what `find` was last asked for
  #hash = 0
  #slot = 0
  #key: Buffer
  #keyStart = 0
  #keyLength = 0
  /** where `reserve` has made room */
  #start = 0

  private constructor(log: Log, fresh: Position, cleanFromBytes: number) {
    this.#segments = log.segments
    this.#index = log.index
    this.#live = log.live
    this.#position = log.position ?? fresh
    this.#sealed = this.#position
    this.#sealedOldest = log.oldest
    this.#cleaning = new Cleaning(log, cleanFromBytes)
    this.memory = this.#scratch
    this.roomMemory = this.#scratch
    this.#key = this.#scratch.bytes
    this.#mark()
  }

  /**
   * Opens the state in `dir`, or an empty one if there is none that is whole.
   * @param fresh what an empty one stands for
   */
  static async open(dir: string, fresh: Position, options: StoreOptions = {}): Promise<StateStore> {
    const { memoryBytes = 256 * MIB } = options
    const {
      segmentBytes = Math.min(8 * MIB, Math.max(2 * MIB, 8 * Math.floor(memoryBytes / 64))),
    } = options
    const { cleanFromBytes = 2 * segmentBytes } = options
    await mkdir(dir, { recursive: true })
    await rm(join(dir, 'orders.state'), { force: true }) // the format before; its states are folded again
    const log = await readLog(dir, segmentBytes, memoryBytes)
    return new StateStore(log, fresh, cleanFromBytes)
  }

  /** What the state stands for, flushed or not. */
  get position(): Position {
    return this.#position
  }

  /** bytes that a flush would write */
  get unflushed(): number {
    return this.#segments.unwritten
  }

  /** how many orders there are */
  get orders(): number {
    return this.#index.size
  }

  /**
   * Looks a key up.
   * @param hash murmur2 of its bytes
   * @returns whether there is a state: `memory`, `at` and `length` say where
   */
  find(hash: number, buf: Buffer, keyStart: number, keyLength: number): boolean {
    this.#hash = hash
    this.#key = buf
    this.#keyStart = keyStart
    this.#keyLength = keyLength
    const index = this.#index
    let slot = index.first(hash)
    while (slot >= 0 && !this.#read(slot)) slot = index.next(slot, hash)
    this.#slot = slot
    return slot >= 0
  }

  /**
   * Makes room for the next state of the key that `find` was last asked for: `roomMemory`, `roomAt`. What it has found
   * stays readable.
   */
  reserve(bytes: number): void {
    const skip = stateAt(this.#keyLength)
    this.#start = this.#segments.room(skip + bytes)
    this.roomMemory = this.#segments.tail.memory!
    this.roomAt = this.#start + skip
  }

  /** The room now holds that key's state, of this length: found by the next `find`, not yet committed. */
  put(length: number): void {
    const { tail } = this.#segments
    const memory = this.roomMemory
    const start = this.#start
    const hash = this.#hash
    const recordLength = stateAt(this.#keyLength) + length
    writeRecord(memory, start, hash, this.#key, this.#keyStart, this.#keyLength, length)
    const index = this.#index
    const slot = this.#slot
    if (slot >= 0) {
      const segment = index.segment(slot)
      const position = index.position(slot)
      const before = index.length(slot)
      writeReplaced(memory, start, segment, position)
      this.#undo.note(hash, tail.id, start, segment, position, before)
      index.move(slot, tail.id, start, recordLength)
      this.#live += aligned(recordLength) - aligned(before)
    } else {
      writeReplaced(memory, start, NONE, NONE)
      this.#undo.note(hash, tail.id, start, NONE, NONE, 0)
      index.insert(slot, hash, tail.id, start, recordLength)
      this.#live += aligned(recordLength)
    }
    tail.end = start + aligned(recordLength)
  }

  /** What was put since the last commit stands for `next` now. @param last null: as before */
  commit(next: number, last: LastRecord | null): void {
    this.#undo.clear()
    this.#position = { ...this.#position, next, last: last ?? this.#position.last }
    this.#cleaning.step(this.#live, this.#sinceMark())
    this.#mark()
    this.#segments.fit()
  }

  /** Forgets what was put since the last commit. */
  rollback(): void {
    this.#undo.undo(this.#index, (now, before) => {
      this.#live -= aligned(now) - aligned(before)
    })
    while (this.#segments.tail.id > this.#committedSegment) this.#segments.dropTail()
    this.#segments.tail.end = this.#committedEnd
  }

  /**
   * Writes what is committed. After a failure it is all still there, to be written by the next call.
   * @throws Error between put and commit or rollback
   */
  async flush(): Promise<void> {
    this.#seal()
    await this.#exclusively(() => this.#write())
  }

  /** Flushes, and writes a copy into `dir`, as one file. @returns what the copy stands for */
  async backup(dir: string): Promise<Position> {
    this.#seal()
    const position = this.#sealed
    await mkdir(dir, { recursive: true })
    return this.#exclusively(async () => {
      await this.#write()
      await pack(this.#segments, this.#sealedOldest, dir)
      return position
    })
  }

  /** What was not flushed is lost. */
  async close(): Promise<void> {
    await this.#writing
    await this.#cleaning.stop()
    for (const segment of this.#segments) await segment.close()
  }

  /** Whether the record in this slot is of the key; its state then is what was found. */
  #read(slot: number): boolean {
    const position = this.#index.position(slot)
    const length = this.#index.length(slot)
    const segment = this.#segments.get(this.#index.segment(slot))
    const skip = stateAt(this.#keyLength)
    let at = position
    let { memory } = segment
    if (memory === null) {
      if (length < skip) return false
      if (this.#scratch.bytes.length < length)
        this.#scratch = memoryOf(Buffer.allocUnsafeSlow(aligned(length * 2)))
      memory = this.#scratch
      segment.readSync(memory, position, length)
      at = 0
    }
    if (!isOfKey(memory, at, this.#key, this.#keyStart, this.#keyLength)) return false
    this.memory = memory
    this.at = at + skip
    this.length = length - skip
    return true
  }

  /** Ends the blocks that were begun, and says in the last what all stands for. */
  #seal(): void {
    if (!this.#undo.isEmpty) throw new Error('a flush within a transaction')
    const segments = this.#segments
    if (segments.unsealed.length === 0) {
      if (this.#sealed === this.#position) return
      const end = segments.room(0)
      segments.tail.end = end
    }
    const { oldest } = this.#cleaning
    const last = segments.unsealed.at(-1)
    for (const segment of segments.unsealed) {
      const { id, sealed: start, end } = segment
      const position = segment === last ? this.#position : null
      sealBlock(segment.memory!, { segment: id, start, end, oldest, position })
      segment.sealed = end
    }
    this.#sealed = this.#position
    this.#sealedOldest = oldest
    this.#mark()
  }

  /** Writes what is sealed. */
  async #write(): Promise<void> {
    const segments = this.#segments
    const oldest = this.#sealedOldest
    for (const segment of segments) if (segment.written < segment.sealed) await segment.write()
    if (oldest === segments.first) return
    // Nothing else is ever synced: what a crash of the machine loses is folded again. But the orders of these segments
    // were copied to the end of the log, and a log without its end would no longer have them.
    await segments.sync()
    await segments.removeBefore(oldest)
  }

  /** One write or copy of the files at a time. */
  #exclusively<T>(use: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(use)
    this.#writing = result.catch(() => {})
    return result
  }

  /** What is in the log now is committed. */
  #mark(): void {
    const { tail } = this.#segments
    this.#committedSegment = tail.id
    this.#committedEnd = tail.end
  }

  #sinceMark(): number {
    return this.#segments.bytesFrom(this.#committedSegment) - this.#committedEnd
  }
}
