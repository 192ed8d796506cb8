import { visitHeaders, type RecordView } from '@order-up/kit'
import type { NativeHeader } from './native-addon.ts'

/**
 * A record's headers as the addon takes them.
 * @returns undefined where it would alter them: it knows no null value, reads a name as UTF-8, and ends one at a NUL
 */
export function nativeHeaders(record: RecordView): NativeHeader[] | undefined {
  const headers: NativeHeader[] = []
  const { buf } = record
  let fits = true
  visitHeaders(record, (nameStart, nameLength, start, length) => {
    const name = buf.toString('utf8', nameStart, nameStart + nameLength)
    if (length < 0 || !isExact(name, nameLength)) {
      fits = false
      return
    }
    // an empty Buffer may have no memory, which the addon takes for null
    const value = length === 0 ? '' : buf.subarray(start, start + length)
    headers.push({ [name]: value })
  })
  return fits ? headers : undefined
}

/** Whether the name is what its bytes say. */
const isExact = (name: string, bytes: number) =>
  !name.includes('\0') && !name.includes('\ufffd') && Buffer.byteLength(name) === bytes
