/** offsets in a page; a multiple of 32 */
const PAGE = 1 << 14
const WORDS = PAGE / 32

/** A set of offsets of one partition, a bit each: what lies together costs next to nothing. */
export class OffsetSet {
  readonly #pages = new Map<number, Uint32Array>()
  /** the page that was used last: offsets come more or less in order */
  #index = -1
  #page: Uint32Array | undefined

  /** @returns whether it is new */
  add(offset: number): boolean {
    const page = this.#pageOf(offset, true)!
    const bit = offset % PAGE
    const mask = 1 << (bit & 31)
    const word = page[bit >>> 5]!
    if (word & mask) return false
    page[bit >>> 5] = word | mask
    return true
  }

  has(offset: number): boolean {
    const page = this.#pageOf(offset, false)
    const bit = offset % PAGE
    return page !== undefined && (page[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  /** How many of the set lie in a range, and how many of these in the other set as well. */
  countWith(other: OffsetSet, from: number, to: number): { all: number; both: number } {
    let all = 0
    let both = 0
    for (const [index, page] of this.#pages) {
      const start = index * PAGE
      if (start >= to || start + PAGE <= from) continue
      const theirs = other.#pages.get(index)
      for (let w = 0; w < WORDS; w++) {
        const word = page[w]! & maskOf(start + w * 32, from, to)
        if (word === 0) continue
        all += bitsOf(word)
        if (theirs) both += bitsOf(word & theirs[w]!)
      }
    }
    return { all, both }
  }

  /** Forgets whole pages below an offset. */
  dropBelow(offset: number): void {
    for (const index of this.#pages.keys())
      if ((index + 1) * PAGE <= offset) this.#pages.delete(index)
    this.#index = -1
    this.#page = undefined
  }

  #pageOf(offset: number, make: boolean): Uint32Array | undefined {
    const index = Math.floor(offset / PAGE)
    if (index === this.#index) return this.#page
    let page = this.#pages.get(index)
    if (!page && make) this.#pages.set(index, (page = new Uint32Array(WORDS)))
    if (page) {
      this.#index = index
      this.#page = page
    }
    return page
  }
}

/** Of the 32 offsets from `start` on, those in the range. */
function maskOf(start: number, from: number, to: number): number {
  let mask = -1
  if (from >= start + 32 || to <= start) return 0
  if (from > start) mask &= -1 << (from - start)
  if (to < start + 32) mask &= -1 >>> (start + 32 - to)
  return mask
}

function bitsOf(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
