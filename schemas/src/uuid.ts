export const UUID_BYTES = 16
/** of its text form */
export const UUID_LENGTH = 36

const HYPHEN = 0x2d
/** Of a byte of text, its hex digit; 0xff where it is none in lower case. */
const DIGIT = new Uint8Array(256).fill(0xff)
/** The two hex digits of each byte, as text. */
const HEX = new Uint8Array(512)
for (let n = 0; n < 16; n++) DIGIT['0123456789abcdef'.charCodeAt(n)] = n
for (let n = 0; n < 256; n++) HEX.set(Buffer.from(n.toString(16).padStart(2, '0')), n * 2)

/**
 * Reads the 36 bytes of a lower-case UUID's text into its 16 bytes.
 * @returns false where it is none; the target then holds anything
 */
export function readUuid(text: Uint8Array, at: number, target: DataView): boolean {
  const hyphens =
    text[at + 8] === HYPHEN &&
    text[at + 13] === HYPHEN &&
    text[at + 18] === HYPHEN &&
    text[at + 23] === HYPHEN
  if (!hyphens) return false
  let wrong = 0
  let i = at
  for (let byte = 0; byte < UUID_BYTES; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) i++
    const high = DIGIT[text[i]!]!
    const low = DIGIT[text[i + 1]!]!
    wrong |= high | low
    target.setUint8(byte, (high << 4) | low)
    i += 2
  }
  return wrong < 0x10
}

/** Writes the text of a UUID's 16 bytes. */
export function writeUuid(id: Uint8Array, at: number, target: Uint8Array, targetAt: number): void {
  let to = targetAt
  for (let byte = 0; byte < UUID_BYTES; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) target[to++] = HYPHEN
    const hex = id[at + byte]! * 2
    target[to] = HEX[hex]!
    target[to + 1] = HEX[hex + 1]!
    to += 2
  }
}
