/** A Snowflake user has two public keys, so that one can be replaced while the other is in use. */
export type KeySlot = 1 | 2

export interface KeySlots {
  /** whose private key the sink logs in with */
  active: KeySlot
  /** the generation of the pair that each used slot holds; slot 2 holds none before generation 2 */
  generations: Readonly<Partial<Record<KeySlot, number>>>
}

/**
 * Odd generations live in slot 1 and even ones in slot 2. So raising the generation by one fills the slot that nobody
 * logs in with any more, and leaves the key in use valid until the raise after that.
 * @param generation the active one, from 1
 */
export function keySlots(generation: number): KeySlots {
  const slotOf = (n: number): KeySlot => (n % 2 === 1 ? 1 : 2)
  const generations: Partial<Record<KeySlot, number>> = {}
  for (const n of [generation - 1, generation]) if (n >= 1) generations[slotOf(n)] = n
  return { active: slotOf(generation), generations }
}
