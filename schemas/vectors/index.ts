import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { REASONS, type Reason } from '../src/reasons.ts'
import type { OrderEvent } from '../src/event.ts'
import type { CuratedOrder } from '../src/curated.ts'

const Hex = z.string().regex(/^([0-9a-f]{2})*$/)
const Bytes = z.union([
  Hex,
  z.array(z.union([Hex, z.strictObject({ hex: Hex, times: z.int().min(1) })])),
])
/** Bytes in hex: one string, or pieces in their order, of which some repeat. */
export type Bytes = z.infer<typeof Bytes>

const Expectation = z.union([
  z.strictObject({ row: z.custom<CuratedOrder>((row) => typeof row === 'object') }),
  z.strictObject({ duplicate: z.literal(true) }),
  z.strictObject({ rejected: z.enum(REASONS) }),
  z.strictObject({ stopped: z.literal('newer_schema') }),
])
export type Expectation = z.infer<typeof Expectation>

const Step = z.strictObject({
  event: z.custom<OrderEvent>((event) => typeof event === 'object').nullable(),
  note: z.string().optional(),
  times: z.int().min(1).optional(),
  key: z.union([z.strictObject({ utf8: z.string() }), z.strictObject({ hex: Hex })]).nullable(),
  partition: z.int().min(0),
  partitions: z.int().min(1),
  value: z
    .union([
      z.strictObject({ schema_id: z.enum(['known', 'newer', 'unknown']), avro: Bytes }),
      z.strictObject({ bytes: Bytes }),
    ])
    .nullable(),
  expect: Expectation,
})
/** One raw record (or `times` of them) and what an engine does with it; README.md says what each field means. */
export type Step = z.infer<typeof Step>

const Vector = z.strictObject({
  name: z.string().min(1),
  rule: z.string().min(1),
  steps: z.array(Step).min(1),
})
/** A sequence of raw records, read by an engine that has seen nothing before. */
export type Vector = z.infer<typeof Vector>

export const VectorFile = z.strictObject({ contract: z.literal(1), vectors: z.array(Vector) })
export type VectorFile = z.infer<typeof VectorFile>

/** Where keys go: the partition for some partition counts, and the bucket. */
export const PlacementFile = z.strictObject({
  contract: z.literal(1),
  keys: z.array(
    z.strictObject({
      key: Hex.nullable(),
      bucket: z.int(),
      partitions: z.record(z.string(), z.int()),
    }),
  ),
})
export type PlacementFile = z.infer<typeof PlacementFile>

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

/** Every vector of the contract, in the order of file names. @throws ZodError where a file is not of the format */
export function loadVectors(): Vector[] {
  return readdirSync(new URL('.', import.meta.url))
    .filter((name) => /^(fold|accept|reject)-.*\.json$/.test(name))
    .toSorted()
    .flatMap((name) => VectorFile.parse(read(name)).vectors)
}

/** @throws ZodError where the file is not of the format */
export const loadPlacement = (): PlacementFile => PlacementFile.parse(read('placement.json'))

/** Ids for a run of the vectors: each byte differs, so that a reader of the wrong byte order fails. */
export const VECTOR_IDS = { known: 0x01020304, newer: 0x05060708, unknown: 0x0a0b0c0d } as const

/** A step's record as Kafka would deliver it. @param i which of the step's `times`, from 0 */
export function recordOf(step: Step, i = 0) {
  return { key: keyOf(step), partition: step.partition, value: valueOf(step, i) }
}

function keyOf({ key }: Step): Buffer | null {
  if (key === null) return null
  return 'utf8' in key ? Buffer.from(key.utf8) : Buffer.from(key.hex, 'hex')
}

function valueOf({ value, times }: Step, i: number): Buffer | null {
  if (value === null) return null
  if ('bytes' in value) return expand(value.bytes)
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(VECTOR_IDS[value.schema_id], 1)
  const body = expand(value.avro)
  if (times !== undefined) body.write(String(i).padStart(12, '0'), 25, 'latin1')
  return Buffer.concat([frame, body])
}

/** The bytes that a `Bytes` stands for, in a buffer of their own. */
export function expand(bytes: Bytes): Buffer {
  const pieces = typeof bytes === 'string' ? [bytes] : bytes
  return Buffer.from(
    pieces.map((p) => (typeof p === 'string' ? p : p.hex.repeat(p.times))).join(''),
    'hex',
  )
}

/** The reason that a step expects, if it expects one. */
export const reasonOf = ({ expect }: Step): Reason | undefined =>
  'rejected' in expect ? expect.rejected : undefined
