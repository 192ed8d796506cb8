/** Memory that states lie in: the same bytes, to copy and to read numbers from. */
export interface Memory {
  readonly bytes: Buffer
  readonly view: DataView
}

/** Of bytes that somebody has. */
export const memoryOf = (bytes: Buffer): Memory => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
})

/**
 * Copies between memories that may be the same, where the ranges do not overlap. Eight bytes at a time, which here costs
 * less than the call of a native copy up to a kilobyte (61 and 199 ns for 208 bytes); not as floats, since what is no
 * number may change when it is read as one.
 */
export function copy(
  from: Memory,
  start: number,
  length: number,
  to: Memory,
  target: number,
): void {
  if (length > 1_024) {
    to.bytes.set(from.bytes.subarray(start, start + length), target)
    return
  }
  const source = from.view
  const { view } = to
  const words = length & ~7
  for (let i = 0; i < words; i += 8)
    view.setBigUint64(target + i, source.getBigUint64(start + i, true), true)
  for (let i = words; i < length; i++) view.setUint8(target + i, source.getUint8(start + i))
}
