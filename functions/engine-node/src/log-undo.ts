import type { LogIndex } from './log-index.ts'

/** numbers in an entry: hash; segment and position of the new record; segment, position and length of the old one */
const STRIDE = 6

/** What a transaction has changed in the index. */
export class LogUndo {
  #entries = new Int32Array(STRIDE << 10)
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** @param oldLength 0 = there was none */
  note(
    hash: number,
    segment: number,
    position: number,
    oldSegment: number,
    oldPosition: number,
    oldLength: number,
  ): void {
    const at = this.#length
    if (at === this.#entries.length) {
      const entries = new Int32Array(at * 2)
      entries.set(this.#entries)
      this.#entries = entries
    }
    const entries = this.#entries
    entries[at] = hash
    entries[at + 1] = segment
    entries[at + 2] = position
    entries[at + 3] = oldSegment
    entries[at + 4] = oldPosition
    entries[at + 5] = oldLength
    this.#length = at + STRIDE
  }

  clear(): void {
    this.#length = 0
  }

  /** Takes all back, the newest first. @param eachLength told the length of the new and of the old record (0 = none) */
  undo(index: LogIndex, eachLength: (now: number, before: number) => void): void {
    const entries = this.#entries
    for (let at = this.#length - STRIDE; at >= 0; at -= STRIDE) {
      const slot = index.find(entries[at]!, entries[at + 1]!, entries[at + 2]!)
      const oldLength = entries[at + 5]!
      eachLength(index.length(slot), oldLength)
      if (oldLength === 0) index.remove(slot)
      else index.move(slot, entries[at + 3]!, entries[at + 4]!, oldLength)
    }
    this.#length = 0
  }
}
