const MIN_BITS = 10
/** Above this share of used slots, probing gets long. */
const MAX_LOAD = 0.7
/** numbers in a slot: hash, segment, position, length (0 = free). Four in a row are in one cache line. */
const STRIDE = 4
const BYTES_PER_SLOT = STRIDE * Int32Array.BYTES_PER_ELEMENT

/**
 * Where each key's newest record lies: open addressing with linear probing in one array. It holds hashes, not keys, so
 * whoever looks up compares the keys. A slot is where its numbers begin; a free one is answered as its complement, so
 * that it is negative. Slots are valid until the next insert or remove.
 */
export class LogIndex {
  #slots = new Int32Array(STRIDE << MIN_BITS)
  #shift = 32 - MIN_BITS
  #size = 0

  /** how many keys there are */
  get size(): number {
    return this.#size
  }

  /** The first slot of this hash, or the complement of the free one where its search ends. */
  first(hash: number): number {
    return this.#from(this.#home(hash), hash)
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
    if (++this.#size > (MAX_LOAD / STRIDE) * this.#slots.length) this.#grow()
  }

  /** Frees a slot, and closes the gap that searches would end at. */
  remove(slot: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let gap = slot
    for (let at = (gap + STRIDE) & mask; slots[at + 3] !== 0; at = (at + STRIDE) & mask) {
      const isBetween = ((at - this.#home(slots[at]!)) & mask) < ((at - gap) & mask)
      if (isBetween) continue // its search begins after the gap
      slots.copyWithin(gap, at, at + STRIDE)
      gap = at
    }
    slots[gap + 3] = 0
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

  // The keys of one partition share the hash's low bits, so the high bits of a product choose the slot.
  #home(hash: number): number {
    return (Math.imul(hash, 0x9e3779b1) >>> this.#shift) * STRIDE
  }

  // Slots are in the order of the product, before and after: memory is read and written from one end to the other,
  // which takes 1.5M keys ? ms.
  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(before.length * 2)
    this.#shift--
    const mask = this.#slots.length - 1
    for (let from = 0; from < before.length; from += STRIDE) {
      if (before[from + 3] === 0) continue
      let to = this.#home(before[from]!)
      while (this.#slots[to + 3] !== 0) to = (to + STRIDE) & mask
      for (let i = 0; i < STRIDE; i++) this.#slots[to + i] = before[from + i]!
    }
  }
}

/** What the index of so many keys takes; half as much again for a moment while it grows. */
export function indexBytesOf(keys: number): number {
  let slots = 1 << MIN_BITS
  while (keys > MAX_LOAD * slots) slots *= 2
  return slots * BYTES_PER_SLOT
}
