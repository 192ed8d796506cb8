import { decodeEventBody, encodeEvent, partitionOf, type RawRecord } from '@order-up/schemas'
import { loadVectors, recordOf, VECTOR_IDS } from '@order-up/schemas/vectors'
import fc from 'fast-check'

export interface RandomLogOptions {
  seed: number
  records: number
  partitions: number
  /** of what is to be decoded */
  schemaId: number
  /** over which nine tenths of the events are spread; the rest is of a few with odd names */
  orders: number
  /** how many event ids an order's events are drawn from, in dozens */
  dozensOfIds: number
}

/**
 * Records as raw may hold them, if hardly any producer sends them: valid events, the same ones again, late ones and ties,
 * odd Unicode, numbers at their bounds, and some of every reason of rejection, most of them by a byte that was changed.
 */
export function randomLog({ seed, records, schemaId, ...o }: RandomLogOptions): RawRecord[] {
  return fc.sample(record(o), { seed, numRuns: records }).map((one) => {
    const known = one.value?.length && one.value.readUIntBE(0, Math.min(5, one.value.length))
    if (known === VECTOR_IDS.known) one.value!.writeUInt32BE(schemaId, 1)
    return one
  })
}

const steps = loadVectors().flatMap((vector) => vector.steps)
const events = steps.flatMap(({ event }) => event ?? [])
const values = steps
  .flatMap((step) => recordOf(step).value ?? [])
  .filter((value) => value.length < 4_096)

const ODD_ORDERS = ['o-1', '\u00e9\u0000', '\u{1f4e6}', '\ufeffo', 'e\u0301', '...']

/** Valid but for what the vectors' own events break; orders, ids and times are few, so that they meet and tie. */
const event = ({ orders, dozensOfIds }: Pick<RandomLogOptions, 'orders' | 'dozensOfIds'>) =>
  fc
    .record({
      event: fc.constantFrom(...events),
      order_id: fc.oneof(
        { weight: 1, arbitrary: fc.constantFrom(...ODD_ORDERS) },
        { weight: 9, arbitrary: fc.nat(orders - 1).map((n) => `o-2-${n}`) },
      ),
      event_id: fc
        .tuple(
          fc.constantFrom('0', '7', '8', 'f'),
          fc.constantFrom('7', '8', 'f'),
          fc.nat(dozensOfIds - 1),
        )
        .map(([a, b, n]) => `${a}0000000-0000-4000-${b}000-${String(n).padStart(12, '0')}`),
      ms: fc.nat(3),
    })
    .map(({ event, order_id, event_id, ms }) =>
      encodeEvent(
        { ...event, event_id, order_id, event_ts: Date.UTC(2026) + ms },
        VECTOR_IDS.known,
      ),
    )

const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x0e, 0x10, 0x48, 0x7f, 0x80, 0xff), fc.nat(255))
const place = fc.integer({ min: 0, max: 9_999 })
type Change = (value: Buffer) => Buffer
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((value) => value),
  fc.tuple(place, byte).map(([at, to]): Change => (value) => {
    const changed = Buffer.from(value)
    if (changed.length > 0) changed[at % changed.length] = to
    return changed
  }),
  fc
    .tuple(place, fc.nat(3), fc.array(byte, { maxLength: 3 }))
    .map(([at, dropped, inserted]): Change => (value) => {
      const i = at % (value.length + 1)
      return Buffer.concat([
        value.subarray(0, i),
        Buffer.from(inserted),
        value.subarray(i + dropped),
      ])
    }),
)
const value = (o: Pick<RandomLogOptions, 'orders' | 'dozensOfIds'>) =>
  fc
    .tuple(
      fc.oneof(
        { weight: 6, arbitrary: event(o) },
        { weight: 2, arbitrary: fc.constantFrom(...values) },
      ),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant((value: Buffer) => Buffer.from(value)) },
        {
          weight: 1,
          arbitrary: change.map(
            (to): Change =>
              (value) =>
                to(Buffer.from(value)),
          ),
        },
      ),
    )
    .map(([value, change]) => change(value))

/** Mostly under the key that its own body names and on that key's partition, so that the later checks are reached. */
const record = ({
  partitions,
  ...o
}: Pick<RandomLogOptions, 'orders' | 'dozensOfIds' | 'partitions'>): fc.Arbitrary<RawRecord> =>
  fc
    .tuple(fc.option(value(o), { freq: 200, nil: null }), fc.nat(99), fc.nat(99))
    .map(([value, wrongKey, wrongPartition]) => {
      const key = wrongKey === 0 ? null : wrongKey === 1 ? Buffer.from('other') : keyOf(value)
      const partition = partitionOf(key ?? Buffer.alloc(0), partitions)
      return {
        key,
        value,
        partition: wrongPartition === 0 ? (partition + 1) % partitions : partition,
      }
    })

function keyOf(value: Buffer | null): Buffer {
  const body = decodeEventBody(value?.subarray(5) ?? Buffer.alloc(0))
  return Buffer.from('reason' in body ? 'o-1' : body.order_id)
}
