import fc from 'fast-check'

/** What can happen to bytes; the others are a second value, to be spliced with. */
export type Mutation = (bytes: Buffer, other: Buffer) => Buffer
/** A place in bytes of any length; not fc.double, most of whose values are next to 0. */
const at = fc.integer({ min: 0, max: 9_999 }).map((n) => n / 10_000)
const index = (fraction: number, bytes: Buffer) => Math.floor(fraction * bytes.length)
export const join = (...parts: Uint8Array[]) => Buffer.concat(parts)

// Bytes that mean something to a reader of Avro come more often than others.
const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x0e, 0x10, 0x48, 0x7f, 0x80, 0xff), fc.nat(255))
const run = fc.uint8Array({ maxLength: 12 })

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: changed((byte, bit) => byte ^ (1 << (bit % 8)), fc.nat(7)) },
  { weight: 4, arbitrary: changed((_, to) => to, byte) },
  fc.tuple(at, fc.nat(8), run).map(([f, dropped, inserted]): Mutation => (bytes) => {
    const i = index(f, bytes)
    return join(bytes.subarray(0, i), inserted, bytes.subarray(i + dropped))
  }),
  at.map(
    (f): Mutation =>
      (bytes) =>
        bytes.subarray(0, index(f, bytes)),
  ),
  run.map(
    (tail): Mutation =>
      (bytes) =>
        join(bytes, tail),
  ),
  fc.tuple(at, at).map(
    ([f, g]): Mutation =>
      (bytes, other) =>
        join(bytes.subarray(0, index(f, bytes)), other.subarray(index(g, other))),
  ),
)

function changed(change: (byte: number, by: number) => number, by: fc.Arbitrary<number>) {
  return fc.tuple(at, by).map(([f, n]): Mutation => (bytes) => {
    const copy = Buffer.from(bytes)
    const i = index(f, copy)
    if (i < copy.length) copy[i] = change(copy[i]!, n)
    return copy
  })
}

/** One or two, one after the other. */
export const mutations = fc.array(mutation, { minLength: 1, maxLength: 2 })

export const mutate = (bytes: Buffer, other: Buffer, by: readonly Mutation[]) =>
  by.reduce((mutated, change) => change(mutated, other), bytes)
