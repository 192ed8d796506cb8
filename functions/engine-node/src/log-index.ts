/** Tables, chosen by the hash's highest bits; each grows by itself. */
const TABLE_BITS = 6
const MIN_BITS = 4
/** Above this share of used slots, probing gets long. */
const MAX_LOAD = 0.7
/** numbers in a slot: hash, segment, position, length (0 = free). Four slots are in one cache line. */
const STRIDE = 4
const BYTES_PER_SLOT = STRIDE * Int32Array.BYTES_PER_ELEMENT

/**
 * Where each key's newest record lies: open addressing with linear probing, in 64 tables rather than one, so that
 * growing stops nobody for long. It holds hashes, not keys, so whoever looks up compares the keys.
 *
 * A slot is where its numbers begin in the table that the last `first` or `find` has chosen; a free one is answered as
 * its complement, which is negative. Slots are valid until the next `first`, `find`, `insert` or `remove`.
 */
export class LogIndex {
  readonly #tables = Array.from({ length: 1 << TABLE_BITS }, () => new Table())
  #table = this.#tables[0]!
  /** of that table */
  #slots = this.#table.slots
  #size = 0

  /** how many keys there are */
  get size(): number {
    return this.#size
  }

  /** The first slot of this hash, or the complement of the free one where its search ends. */
  first(hash: number): number {
    const product = spread(hash)
    this.#table = this.#tables[product >>> (32 - TABLE_BITS)]!
    this.#slots = this.#table.slots
    return this.#from(this.#table.home(product), hash)
  }

  /** The next slot of this hash after one of it, or the complement of a free one. */
  next(slot: number, hash: number): number {
    return this.#from((slot + STRIDE) & (this.#slots.length - 1), hash)
  }

  /** The slot of the record that lies there, or the complement of a free one. */
  find(hash: number, segment: number, position: number): number {
    let slot = this.first(hash)
    while (slot >= 0 && (this.segment(slot) !== segment || this.position(slot) !== position))
      slot = this.next(slot, hash)
    return slot
  }

  segment(slot: number): number {
    return this.#slots[slot + 1]!
  }

  position(slot: number): number {
    return this.#slots[slot + 2]!
  }

  length(slot: number): number {
    return this.#slots[slot + 3]!
  }

  /** The key's record lies elsewhere now. */
  move(slot: number, segment: number, position: number, length: number): void {
    this.#slots[slot + 1] = segment
    this.#slots[slot + 2] = position
    this.#slots[slot + 3] = length
  }

  /** @param free what the search for the key ended with */
  insert(free: number, hash: number, segment: number, position: number, length: number): void {
    this.#slots[~free] = hash
    this.move(~free, segment, position, length)
    this.#table.added()
    this.#size++
  }

  remove(slot: number): void {
    this.#table.remove(slot)
    this.#size--
  }

  #from(start: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = start
    while (slots[slot + 3] !== 0) {
      if (slots[slot] === hash) return slot
      slot = (slot + STRIDE) & mask
    }
    return ~slot
  }
}

/** The keys of one partition share the hash's low bits: the high bits of a product choose the table and the slot. */
const spread = (hash: number) => Math.imul(hash, 0x9e3779b1)

class Table {
  slots = new Int32Array(STRIDE << MIN_BITS)
  #bits = MIN_BITS
  #size = 0

  /** Where the search for a hash begins. @param product of {@link spread} */
  home(product: number): number {
    return ((product << TABLE_BITS) >>> (32 - this.#bits)) * STRIDE
  }

  /** A slot was filled. */
  added(): void {
    if (++this.#size > MAX_LOAD * (1 << this.#bits)) this.#grow()
  }

  /** Frees a slot, and closes the gap that searches would end at. */
  remove(slot: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let gap = slot
    for (let at = (gap + STRIDE) & mask; slots[at + 3] !== 0; at = (at + STRIDE) & mask) {
      const home = this.home(spread(slots[at]!))
      if (((at - home) & mask) < ((at - gap) & mask)) continue // its search begins after the gap
      slots.copyWithin(gap, at, at + STRIDE)
      gap = at
    }
    slots[gap + 3] = 0
    this.#size--
  }

  // Slots are in the order of the product, before and after, so memory is passed through from one end to the other.
  #grow(): void {
    const before = this.slots
    this.#bits++
    this.slots = new Int32Array(STRIDE << this.#bits)
    const mask = this.slots.length - 1
    for (let from = 0; from < before.length; from += STRIDE) {
      if (before[from + 3] === 0) continue
      let to = this.home(spread(before[from]!))
      while (this.slots[to + 3] !== 0) to = (to + STRIDE) & mask
      for (let i = 0; i < STRIDE; i++) this.slots[to + i] = before[from + i]!
    }
  }
}

/** The most that the index of so many keys takes, in bytes: 16 for a slot, of which 35 to 70 % are used. */
export function indexBytesOf(keys: number): number {
  const mean = keys / (1 << TABLE_BITS)
  const most = mean + 4 * Math.sqrt(mean) // hardly a table has more
  let slots = 1 << MIN_BITS
  while (most > MAX_LOAD * slots) slots *= 2
  return (slots << TABLE_BITS) * BYTES_PER_SLOT
}
