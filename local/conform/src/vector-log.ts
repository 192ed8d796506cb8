import { partitionOf } from '@order-up/schemas'
import { recordOf, type Step, type Vector } from '@order-up/schemas/vectors'
import type { Meaning, RawEntry } from './ledger.ts'

/** What a step becomes on the topic at hand, and where it comes from. */
export type VectorEntry = RawEntry & { vector: string; step: number }

/** Where the parts of a framed event lie that the kit has to know. */
const EVENT_ID_AT = 5
/** Ids that several vectors have; odd ones are the point of their vector, and its alone. */
const RENAMED = /^[\w-]{3,36}$/

/**
 * All vectors as one log. A vector knows of no other, but their orders bear the same few ids: each vector's get new
 * ones, of the same length, in key, body and expected row. Everything else stays as it is, byte for byte, but the schema
 * id, which is the registry's, and the partition: of the topic at hand, the key's own where it was that.
 * @param vectors without those that stop the engine
 */
export function vectorLog(
  vectors: readonly Vector[],
  { schemaId, partitions }: { schemaId: number; partitions: number },
): VectorEntry[] {
  const taken = new Set(vectors.flatMap(({ steps }) => steps.flatMap(orderIdsOf)))
  const applied = new Map<string, string>()
  let count = 0

  function freshName(length: number): string {
    for (;;) {
      const name = (count++).toString(36).padStart(3, '0').padEnd(length, '-')
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }

  return vectors.flatMap((vector) => {
    const ids = [...new Set(vector.steps.flatMap(orderIdsOf))].filter((id) => RENAMED.test(id))
    const names = new Map(ids.map((id) => [id, freshName(id.length)]))
    for (const step of vector.steps) {
      if (!('row' in step.expect)) continue
      const id = names.get(step.expect.row.order_id) ?? step.expect.row.order_id
      const other = applied.get(id)
      if (other !== undefined && other !== vector.name)
        throw new Error(
          `vectors "${other}" and "${vector.name}" share the order ${id}, which cannot be renamed`,
        )
      applied.set(id, vector.name)
    }
    return vector.steps.flatMap((step, i) =>
      Array.from({ length: step.times ?? 1 }, (_, n) => ({
        ...entryOf(step, n, names, { schemaId, partitions }),
        vector: vector.name,
        step: i + 1,
      })),
    )
  })
}

function orderIdsOf(step: Step): string[] {
  const ids = [step.event?.order_id, 'row' in step.expect ? step.expect.row.order_id : undefined]
  return ids.filter((id) => id !== undefined && id !== '') as string[]
}

function entryOf(
  step: Step,
  n: number,
  names: ReadonlyMap<string, string>,
  { schemaId, partitions }: { schemaId: number; partitions: number },
): RawEntry {
  const { key, value, partition } = recordOf(step, n)
  if (value && step.value && 'schema_id' in step.value && step.value.schema_id === 'known')
    value.writeUInt32BE(schemaId, 1)
  if (value) renameIn(value, names)
  const name = key && (names.get(key.toString()) ?? key)
  const newKey = typeof name === 'string' ? Buffer.from(name) : name
  const isHome = key !== null && partition === partitionOf(key, step.partitions)
  const home = partitionOf(newKey ?? Buffer.alloc(0), partitions)
  return {
    key: newKey,
    value,
    partition: isHome ? home : (home + 1) % partitions,
    meaning: meaningOf(step, n, names),
  }
}

function meaningOf(
  { expect, times = 1, event }: Step,
  n: number,
  names: ReadonlyMap<string, string>,
): Meaning {
  if ('rejected' in expect) return { is: 'rejected', reason: expect.rejected }
  if ('duplicate' in expect) {
    if (times === 1) return { is: 'duplicate' }
    throw new Error('a duplicate that is not one record')
  }
  if ('stopped' in expect) throw new Error('a vector that stops the engine is no part of a log')
  const order_id = names.get(expect.row.order_id) ?? expect.row.order_id
  if (n < times - 1) return { is: 'applied', orderId: names.get(event!.order_id) ?? order_id }
  return { is: 'row', row: { ...expect.row, order_id } }
}

/** Writes another id of the same length over the order's own, where the value gets so far. */
function renameIn(value: Buffer, names: ReadonlyMap<string, string>): void {
  const idLength = lengthAt(value, EVENT_ID_AT)
  const type = idLength && lengthAt(value, idLength.next + idLength.length)
  const ts = type && lengthAt(value, type.next)
  const order = ts && lengthAt(value, ts.next)
  if (!order || order.length < 0 || order.next + order.length > value.length) return
  const id = value.toString('utf8', order.next, order.next + order.length)
  const name = names.get(id)
  if (name !== undefined) value.write(name, order.next)
}

/** The varint at a place, and where it ends. */
function lengthAt(value: Buffer, at: number): { length: number; next: number } | undefined {
  let n = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = value[at++]
    if (byte === undefined) return undefined
    n |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return { length: Number(n & 1n ? -(n >> 1n) - 1n : n >> 1n), next: at }
  }
  return undefined
}

/** Whether the vector ends in a stop, at a schema newer than the engine's. */
export const stops = ({ steps }: Vector) => steps.some(({ expect }) => 'stopped' in expect)
