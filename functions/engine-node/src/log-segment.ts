import { constants, readSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { Memory } from '@order-up/fold'
import { segmentPath } from './log-files.ts'

/** A part of the log: in memory, in a file, or both. Bytes have the same place in each. */
export class Segment {
  readonly id: number
  readonly path: string
  memory: Memory | null
  /** bytes in use: of committed records and of those that are not yet */
  end = 0
  /** of that, bytes of whole blocks: they are not changed any more */
  sealed = 0
  /** of that, bytes in the file */
  written = 0
  /** of that, bytes on the disk for certain */
  synced = 0
  #file: FileHandle | undefined

  constructor(dir: string, id: number, memory: Memory | null) {
    this.id = id
    this.path = segmentPath(dir, id)
    this.memory = memory
  }

  /** Opens the file, made if it is not there. @returns its length */
  async open(): Promise<number> {
    this.#file ??= await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600)
    return (await this.#file.stat()).size
  }

  /** Writes what is sealed and not yet in the file. */
  async write(): Promise<void> {
    await this.open()
    const end = this.sealed
    while (this.written < end) {
      const length = end - this.written
      const done = await this.#file!.write(this.memory!.bytes, this.written, length, this.written)
      this.written += done.bytesWritten
    }
  }

  async sync(): Promise<void> {
    const { written } = this
    await this.#file!.datasync()
    this.synced = written
  }

  /** Reads a part of the file to the beginning of `memory`, at once: for a state of some hundred bytes, waiting for a
   * promise costs more than the read. */
  readSync({ bytes }: Memory, position: number, length: number): void {
    for (let done = 0; done < length;) {
      const read = readSync(this.#file!.fd, bytes, done, length - done, position + done)
      if (read === 0) throw new Error(`${this.path} ends before ${position + length}`)
      done += read
    }
  }

  /** Reads the beginning of the file. */
  async read({ bytes }: Memory, length: number): Promise<void> {
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#file!.read(bytes, done, length - done, done)
      if (bytesRead === 0) throw new Error(`${this.path} ends before ${length}`)
      done += bytesRead
    }
  }

  /** Cuts off the file's end. */
  async cut(length: number): Promise<void> {
    await this.#file!.truncate(length)
    this.end = length
    this.sealed = length
    this.written = length
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.path, { force: true })
  }
}
