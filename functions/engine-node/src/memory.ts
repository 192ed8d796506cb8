/** Memory that states lie in: the same bytes, for copying and for reading numbers. */
export interface Memory {
  readonly bytes: Buffer
  readonly view: DataView
}

/** Memory of its own, not of Node's shared pool. What it holds at first is not defined. */
export function allocate(size: number): Memory {
  const bytes = Buffer.allocUnsafeSlow(size)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size) }
}
