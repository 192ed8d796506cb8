import { Writer } from '@order-up/schemas'

/**
 * Records for one partition of one topic, encoded as Kafka keeps them (message format v2,
 * https://kafka.apache.org/documentation/#record), one after another: what a batch holds behind its head. It takes the
 * place of the messages that kafkajs is given to send; other clients walk it with `visitEncoded`.
 */
export class EncodedRecords {
  readonly partition: number
  /** how many */
  length = 0
  readonly #w: Writer

  /** @param size initial capacity in bytes; grows as needed */
  constructor(partition: number, size = 1 << 12) {
    this.partition = partition
    this.#w = new Writer(size)
  }

  /** in bytes */
  get size(): number {
    return this.#w.pos
  }

  /** valid after later records were added too */
  get bytes(): Buffer {
    return this.#w.since(0)
  }

  /**
   * Appends a record: a copy of its key, its value (a negative length = null), and its headers as they are encoded,
   * with their count in front. Many plain arguments, since an object for each part costs as much as the copying.
   */
  add(
    keyBuf: Buffer,
    keyStart: number,
    keyLength: number,
    valueBuf: Buffer,
    valueStart: number,
    valueLength: number,
    headers: Buffer,
    headersLength: number,
  ): void {
    const w = this.#w
    const key = Math.max(0, keyLength)
    const value = Math.max(0, valueLength)
    w.long(
      2 +
        sizeOf(this.length) +
        sizeOf(keyLength) +
        key +
        sizeOf(valueLength) +
        value +
        headersLength,
    )
    w.byte(0) // attributes: none are defined
    w.byte(0) // when, relative to the batch: the topics are of log-append time
    w.long(this.length) // its offset within the batch
    w.long(keyLength < 0 ? -1 : keyLength)
    if (key > 0) w.copy(keyBuf, keyStart, key)
    w.long(valueLength < 0 ? -1 : valueLength)
    if (value > 0) w.copy(valueBuf, valueStart, value)
    w.copy(headers, 0, headersLength)
    this.length++
  }

  /** As kafkajs looks for messages without a value: there are none. */
  find(): undefined {
    return undefined
  }
}

/** Of a length as a zigzag varint, in bytes. */
const sizeOf = (length: number) =>
  length < 64 ? 1 : length < 8_192 ? 2 : length < 1_048_576 ? 3 : length < 134_217_728 ? 4 : 5
