import avsc from 'avsc'
import {
  AVRO_SCHEMAS,
  CURATED_SUBJECT,
  decodeCurated,
  decodeRaw,
  encodeEvent,
  partitionOf,
  RAW_SUBJECT,
  writeCurated,
  Writer,
} from '@order-up/schemas'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import { rate, round, type Bench } from '../bench.ts'
import { created, paid } from '../events.ts'

const N = 1_000
const ID = 1
const ids = new Map([[ID, 1]])
const PARTITIONS = 4

const type = (subject: string) => avsc.Type.forSchema(AVRO_SCHEMAS[subject]!.at(-1) as avsc.Schema)

const events = Array.from({ length: N }, (_, n) => (n % 2 ? paid(n, n) : created(n, n)))
const records = events.map((event) => {
  const key = Buffer.from(event.order_id)
  return { key, value: encodeEvent(event, ID), partition: partitionOf(key, PARTITIONS) }
})
const rows = events.map((event) => rowOf(event.order_id, fold(null, event) as OrderState))

const perSecond = (once: () => void) => Math.round(rate(once) * N)

export const codec: Bench = {
  name: 'codec',
  about: `strict decode (with every check of the contract) and encode, beside avsc alone`,
  run: () => {
    const writer = new Writer(1 << 20)
    const rawType = type(RAW_SUBJECT)
    const curatedType = type(CURATED_SUBJECT)
    const buffer = Buffer.alloc(1_024)
    const encoded = rows.map((row) => Buffer.from(writeCurated(new Writer(), row, ID)))
    const decode = perSecond(() => records.forEach((r) => decodeRaw(r, ids, PARTITIONS)))
    const avscDecode = perSecond(() => records.forEach((r) => rawType.decode(r.value, 5)))
    const encode = perSecond(() => {
      writer.pos = 0
      rows.forEach((row) => writeCurated(writer, row, ID))
    })
    const avscEncode = perSecond(() => rows.forEach((row) => curatedType.encode(row, buffer, 5)))
    return Promise.resolve({
      'raw decode, events/s': decode,
      'avsc decode, events/s': avscDecode,
      'raw decode / avsc': round(decode / avscDecode, 2),
      'curated encode, rows/s': encode,
      'avsc encode, rows/s': avscEncode,
      'curated encode / avsc': round(encode / avscEncode, 2),
      'curated decode, rows/s': perSecond(() => encoded.forEach((v) => decodeCurated(v, ids))),
    })
  },
}

export const foldBench: Bench = {
  name: 'fold',
  about: 'the fold and its row, 5 events an order, state in memory',
  run: () => {
    const lives = Array.from({ length: N }, (_, n) => [
      created(n, n),
      ...[1, 2, 3, 4].map((i) => paid(n, n * 10 + i)),
    ])
    const perSecondOfLives = rate(() => {
      for (const life of lives) {
        let state: OrderState | null = null
        for (const event of life) {
          state = fold(state, event) as OrderState
          rowOf(event.order_id, state)
        }
      }
    })
    return Promise.resolve({ 'events/s': Math.round(perSecondOfLives * N * 5) })
  },
}
