import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeState, writeState, type OrderState } from '@order-up/fold'
import type { LastRecord, Position } from './position.ts'
import { NOWHERE, StateFile, type Change } from './state-file.ts'

export const STATE_FILE = 'orders.state'

/**
 * The state of one partition's orders: a file that may be larger than memory, and in front of it what changed since
 * the last flush. The file always stands for exactly one raw offset; losing what was not flushed costs a silent
 * refold, never a row.
 */
export class StateStore {
  readonly #file: StateFile
  /** changed since the last flush */
  #dirty = new Map<string, OrderState>()
  /** the flush before: being written, then a cache of what is likely to be needed again */
  #flushed = new Map<string, OrderState>()
  /** where in the file was found, since the last flush, what may change by the next */
  #offsets = new Map<string, number>()
  #writing: Promise<unknown> = Promise.resolve()
  #position: Position

  private constructor(file: StateFile) {
    this.#file = file
    this.#position = file.position
  }

  /**
   * Opens the state in `dir`, or an empty one.
   * @param fresh what an empty one stands for
   */
  static async open(dir: string, fresh: Position): Promise<StateStore> {
    await mkdir(dir, { recursive: true })
    return new StateStore(await StateFile.open(join(dir, STATE_FILE), fresh))
  }

  /** What the state stands for, flushed or not. */
  get position(): Position {
    return this.#position
  }

  /** orders that a flush would write */
  get unflushed(): number {
    return this.#dirty.size
  }

  /** orders in the file */
  get orders(): number {
    return this.#file.size
  }

  get(orderId: string, key: Buffer): OrderState | null {
    const recent = this.#dirty.get(orderId) ?? this.#flushed.get(orderId)
    if (recent) return recent
    const found = this.#file.get(key)
    this.#offsets.set(orderId, found?.offset ?? NOWHERE)
    return found ? decodeState(found.value) : null
  }

  /** Takes over what a committed transaction (or a silent refold) changed. */
  merge(states: ReadonlyMap<string, OrderState>, next: number, last: LastRecord | null): void {
    for (const [orderId, state] of states) this.#dirty.set(orderId, state)
    this.#position = { ...this.#position, next, last: last ?? this.#position.last }
  }

  /** Writes what has changed. After a failure it is all still there, to be written by the next call. */
  flush(): Promise<void> {
    return this.#exclusively(() => this.#write())
  }

  /** Flushes, and copies the file into `dir`. @returns what the copy stands for */
  async backup(dir: string): Promise<Position> {
    await mkdir(dir, { recursive: true })
    return this.#exclusively(async () => {
      await this.#write()
      await this.#file.copyTo(join(dir, STATE_FILE))
      return this.#file.position
    })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  /** One write or copy of the file at a time. */
  #exclusively<T>(use: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(use)
    this.#writing = result.catch(() => {})
    return result
  }

  async #write(): Promise<void> {
    if (this.#position === this.#file.position) return
    const changed = this.#dirty
    const offsets = this.#offsets
    this.#flushed = changed
    this.#dirty = new Map()
    this.#offsets = new Map()
    try {
      await this.#file.append(changesOf(changed, offsets), this.#position)
      if (await this.#file.compact()) this.#offsets.clear()
    } catch (error) {
      this.#dirty = new Map([...changed, ...this.#dirty])
      throw error
    }
  }
}

function* changesOf(
  states: ReadonlyMap<string, OrderState>,
  offsets: ReadonlyMap<string, number>,
): Generator<Change> {
  for (const [orderId, state] of states)
    yield {
      key: Buffer.from(orderId),
      write: (w) => writeState(w, state),
      replaces: offsets.get(orderId),
    }
}

export const removeState = (dir: string) => rm(dir, { recursive: true, force: true })
