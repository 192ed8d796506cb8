const MIN_BITS = 10
/** Above this share of used slots, probing gets long. */
const MAX_LOAD = 0.7

/** Where a record lies in the state file. */
export interface Place {
  offset: number
  length: number
}

/**
 * Where each key's newest record lies, in 16 bytes a slot: open addressing with linear probing. It holds hashes, not
 * keys, so two keys may share one: whoever looks up says whether the record at a place is the one that is meant.
 */
export class StateIndex {
  #bits = MIN_BITS
  #hashes = new Int32Array(1 << MIN_BITS)
  /** 0 = a free slot: no record lies at the beginning of the file */
  #offsets = new Float64Array(1 << MIN_BITS)
  #lengths = new Uint32Array(1 << MIN_BITS)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The place whose record `isMeant` accepts, among those of this hash. */
  find(hash: number, isMeant: (place: Place) => boolean): Place | undefined {
    const slot = this.#slotOf(hash, isMeant)
    return this.#offsets[slot] === 0 ? undefined : this.#placeAt(slot)
  }

  /** Puts a record in the place of the one that `isMeant` accepts. @returns that one, or undefined if it is new */
  set(hash: number, place: Place, isMeant: (place: Place) => boolean): Place | undefined {
    const slot = this.#slotOf(hash, isMeant)
    const before = this.#offsets[slot] === 0 ? undefined : this.#placeAt(slot)
    this.#put(slot, hash, place)
    if (!before && ++this.#size > MAX_LOAD * this.#offsets.length) this.#grow()
    return before
  }

  /** The slot of the record that is meant, or the free slot for it. */
  #slotOf(hash: number, isMeant: (place: Place) => boolean): number {
    const mask = this.#offsets.length - 1
    // the keys of one partition share the hash's low bits, so the high bits of a product choose the slot
    let slot = Math.imul(hash, 0x9e3779b1) >>> (32 - this.#bits)
    while (this.#offsets[slot] !== 0) {
      if (this.#hashes[slot] === hash && isMeant(this.#placeAt(slot))) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  #placeAt(slot: number): Place {
    return { offset: this.#offsets[slot]!, length: this.#lengths[slot]! }
  }

  #put(slot: number, hash: number, { offset, length }: Place): void {
    this.#hashes[slot] = hash
    this.#offsets[slot] = offset
    this.#lengths[slot] = length
  }

  #grow(): void {
    const hashes = this.#hashes
    const offsets = this.#offsets
    const lengths = this.#lengths
    this.#bits++
    this.#hashes = new Int32Array(1 << this.#bits)
    this.#offsets = new Float64Array(1 << this.#bits)
    this.#lengths = new Uint32Array(1 << this.#bits)
    offsets.forEach((offset, slot) => {
      if (offset === 0) return
      const hash = hashes[slot]!
      this.#put(this.#slotOf(hash, never), hash, { offset, length: lengths[slot]! })
    })
  }
}

/** For records that are known to be of keys that are not there yet. */
export const never = () => false
