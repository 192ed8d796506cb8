import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { memoryOf } from '@order-up/fold'
import { BLOCK_HEAD, blockLength, blockSegment } from './log-block.ts'
import { segmentPath } from './log-files.ts'
import type { Segments } from './log-segments.ts'

/** The name of a log in one file. */
export const BACKUP_FILE = 'orders.backup'

/** Writes the segments from the oldest needed one on into one file. */
export async function pack(segments: Segments, oldest: number, dir: string): Promise<void> {
  const file = join(dir, BACKUP_FILE)
  for (const { id, path, written } of segments)
    if (id >= oldest && written > 0)
      await pipeline(
        createReadStream(path, { end: written - 1 }),
        createWriteStream(file, { flags: 'a', mode: 0o600 }),
      )
}

/** Makes a log of a file that {@link pack} has written, as far as it is one; opening checks what it holds. */
export async function unpack(file: string, dir: string): Promise<void> {
  const source = await open(file, 'r')
  try {
    const { size } = await source.stat()
    const head = memoryOf(Buffer.alloc(BLOCK_HEAD))
    for (let at = 0; at + BLOCK_HEAD <= size;) {
      await source.read(head.bytes, 0, BLOCK_HEAD, at)
      const length = blockLength(head, 0, BLOCK_HEAD)
      if (length === 0) return
      await pipeline(
        createReadStream(file, { start: at, end: at + length - 1 }),
        createWriteStream(segmentPath(dir, blockSegment(head, 0)), { flags: 'a', mode: 0o600 }),
      )
      at += length
    }
  } finally {
    await source.close()
  }
}
