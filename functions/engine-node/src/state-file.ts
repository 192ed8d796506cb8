import { closeSync, constants, openSync, readSync } from 'node:fs'
import { copyFile, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { murmur2, Writer } from '@order-up/schemas'
import { Position } from './position.ts'
import { never, StateIndex, type Place } from './state-index.ts'

/*
 * The file is a sequence of blocks, each written at once:
 *   magic, length of the body, CRC-32 of the body: 4 bytes each
 *   body: length of the position, the position as JSON; then records: length of key and value, key, value
 * The newest record of a key is its state, and the newest block's position is what all of it stands for; null where
 * more blocks must follow before it stands for anything (compaction writes several).
 *
 * Chosen by measurement, for random updates of 2.5M states of 180 bytes (one partition of four): LMDB took 32 µs of
 * CPU an update and 3 µs a read, LevelDB 4 and 31; this takes 4 and 2.5. It may be this simple because a state
 * that is damaged, or older than it could be, is only folded again from raw: nothing is ever synced, and what a crash
 * cut off is cut off at the last whole block.
 */
const MAGIC = 0x4f555331
const BLOCK_HEADER = 12
const RECORD_HEADER = 8
/** of a block that compaction writes */
const COMPACTED_BLOCK = 4 << 20
/** A smaller file is not worth compacting. */
const MIN_COMPACTION = 16 << 20

/** A key's bytes and what writes its value. */
export interface Change {
  key: Buffer
  write(w: Writer): void
  /** the offset that `get` gave, or NOWHERE: saves reading the key again to be sure; undefined = not known */
  replaces?: number | undefined
}

export interface Found {
  /** valid until the next call */
  value: Buffer
  /** where it lies, until the file is compacted */
  offset: number
}

/** The offset of what is not there. */
export const NOWHERE = 0

/** Keys and values in one file that only grows, and is rewritten when most of it is outdated. One writer at a time. */
export class StateFile {
  readonly #path: string
  #handle: FileHandle
  #fd: number
  #index = new StateIndex()
  /** bytes of whole blocks */
  #end = 0
  /** of that, bytes of records that are still the newest of their key */
  #live = 0
  #position: Position
  /** reused: what was read last */
  #buffer = Buffer.allocUnsafeSlow(4_096)

  private constructor(path: string, handle: FileHandle, position: Position) {
    this.#path = path
    this.#handle = handle
    this.#fd = openSync(path, 'r')
    this.#position = position
  }

  /** Reads what is there; a file that is not one of ours is taken for an empty one. */
  static async open(path: string, fresh: Position): Promise<StateFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const file = new StateFile(path, handle, fresh)
    let position: Position | null = null
    for await (const block of blocksOf(handle)) {
      position = block.position
      file.#end = block.end
      for (const { key, place } of recordsOf(block)) file.#indexed(key, place)
    }
    if (position) file.#position = position
    else file.#forget()
    await handle.truncate(file.#end)
    return file
  }

  get position(): Position {
    return this.#position
  }

  /** how many keys there are */
  get size(): number {
    return this.#index.size
  }

  /** A key's value; undefined where there is none. */
  get(key: Buffer): Found | undefined {
    const place = this.#index.find(murmur2(key), (at) => this.#hasKey(at, key, at.length))
    if (!place) return undefined
    const value = this.#buffer.subarray(RECORD_HEADER + key.length, place.length)
    return { value, offset: place.offset }
  }

  /** Appends a block: on failure nothing has changed. */
  async append(changes: Iterable<Change>, position: Position): Promise<void> {
    const block = new BlockWriter(position, this.#end)
    for (const change of changes) block.add(change)
    await writeAll(this.#handle, block.finish(), this.#end)
    this.#position = position
    this.#end += block.length
    for (const { key, place, replaces } of block.added) this.#indexed(key, place, replaces)
  }

  /** Rewrites the file if most of it is outdated. @returns whether it did */
  async compact(): Promise<boolean> {
    if (this.#end < MIN_COMPACTION || this.#end < 2 * this.#live) return false
    const path = `${this.#path}.compact`
    await rm(path, { force: true })
    const target = await StateFile.open(path, this.#position)
    let block = new BlockWriter(null, 0)
    const write = async () => {
      await writeAll(target.#handle, block.finish(), target.#end)
      for (const { key, place } of block.added) target.#index.set(murmur2(key), place, never)
      target.#end += block.length
    }
    for await (const source of blocksOf(this.#handle)) {
      for (const { key, value, place } of recordsOf(source)) {
        const isNewest = ({ offset }: Place) => offset === place.offset
        if (!this.#index.find(murmur2(key), isNewest)) continue
        block.add({ key, write: (w) => w.bytes(value) })
        if (block.length < COMPACTED_BLOCK) continue
        await write()
        block = new BlockWriter(null, target.#end)
      }
    }
    await write()
    await target.append([], this.#position)
    await rename(path, this.#path)
    const old = { fd: this.#fd, handle: this.#handle }
    this.#handle = target.#handle
    this.#fd = target.#fd
    this.#index = target.#index
    this.#end = target.#end
    this.#live = target.#end
    await close(old)
    return true
  }

  /** Copies the file; nothing may be appended meanwhile. */
  copyTo(path: string): Promise<void> {
    return copyFile(this.#path, path, constants.COPYFILE_FICLONE)
  }

  close(): Promise<void> {
    return close({ fd: this.#fd, handle: this.#handle })
  }

  #forget(): void {
    this.#index = new StateIndex()
    this.#end = 0
    this.#live = 0
  }

  #indexed(key: Buffer, place: Place, replaces?: number): void {
    const isKey = (at: Place) =>
      replaces === undefined
        ? this.#hasKey(at, key, RECORD_HEADER + key.length)
        : at.offset === replaces
    const before = this.#index.set(murmur2(key), place, isKey)
    this.#live += place.length - (before?.length ?? 0)
  }

  /** Whether the record at a place is of this key; its first `bytes` bytes are then in the buffer. */
  #hasKey(at: Place, key: Buffer, bytes: number): boolean {
    if (at.length < RECORD_HEADER + key.length) return false
    if (this.#buffer.length < bytes) this.#buffer = Buffer.allocUnsafeSlow(bytes * 2)
    readSync(this.#fd, this.#buffer, 0, bytes, at.offset)
    return (
      this.#buffer.readUInt32BE(0) === key.length &&
      key.compare(this.#buffer, RECORD_HEADER, RECORD_HEADER + key.length) === 0
    )
  }
}

interface Record {
  key: Buffer
  value: Buffer
  place: Place
}

/** Builds a block that will lie at `start`. */
class BlockWriter {
  readonly added: { key: Buffer; place: Place; replaces: number | undefined }[] = []
  readonly #start: number
  readonly #w = new Writer(1 << 16)
  readonly #value = new Writer()

  /** @param position null: more blocks follow */
  constructor(position: Position | null, start: number) {
    this.#start = start
    for (let i = 0; i < BLOCK_HEADER; i++) this.#w.byte(0)
    const json = Buffer.from(JSON.stringify(position))
    this.#w.uint32(json.length)
    this.#w.bytes(json)
  }

  get length(): number {
    return this.#w.pos
  }

  add({ key, write, replaces }: Change): void {
    this.#value.pos = 0
    write(this.#value)
    const at = this.#w.pos
    this.#w.uint32(key.length)
    this.#w.uint32(this.#value.pos)
    this.#w.bytes(key)
    this.#w.bytes(this.#value.since(0))
    const place = { offset: this.#start + at, length: this.#w.pos - at }
    this.added.push({ key, place, replaces })
  }

  finish(): Buffer {
    const block = this.#w.since(0)
    const body = block.subarray(BLOCK_HEADER)
    block.writeUInt32BE(MAGIC, 0)
    block.writeUInt32BE(body.length, 4)
    block.writeUInt32BE(crc32(body), 8)
    return block
  }
}

interface Block {
  position: Position | null
  body: Buffer
  /** where in the body the records begin */
  records: number
  /** of the body in the file */
  offset: number
  /** where the next block begins */
  end: number
}

/** The whole blocks of a file; what is behind the last of them is no block. */
async function* blocksOf(handle: FileHandle): AsyncGenerator<Block> {
  const { size } = await handle.stat()
  const header = Buffer.alloc(BLOCK_HEADER)
  for (let start = 0; start + BLOCK_HEADER <= size;) {
    await handle.read(header, 0, BLOCK_HEADER, start)
    const offset = start + BLOCK_HEADER
    const length = header.readUInt32BE(4)
    if (header.readUInt32BE(0) !== MAGIC || length < 4 || length > size - offset) return
    const body = Buffer.allocUnsafeSlow(length)
    await handle.read(body, 0, length, offset)
    if (crc32(body) !== header.readUInt32BE(8)) return
    const records = 4 + body.readUInt32BE(0)
    const position = Position.nullable().parse(JSON.parse(body.toString('utf8', 4, records)))
    start = offset + length
    yield { position, body, records, offset, end: start }
  }
}

function* recordsOf({ body, records, offset }: Block): Generator<Record> {
  for (let at = records; at < body.length;) {
    const keyEnd = at + RECORD_HEADER + body.readUInt32BE(at)
    const end = keyEnd + body.readUInt32BE(at + 4)
    yield {
      key: body.subarray(at + RECORD_HEADER, keyEnd),
      value: body.subarray(keyEnd, end),
      place: { offset: offset + at, length: end - at },
    }
    at = end
  }
}

async function close({ fd, handle }: { fd: number; handle: FileHandle }): Promise<void> {
  closeSync(fd)
  await handle.close()
}

async function writeAll(handle: FileHandle, bytes: Buffer, start: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, start + done)
    done += bytesWritten
  }
}
