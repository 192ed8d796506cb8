import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildVectors } from '../vectors/build.ts'
import {
  expand,
  loadPlacement,
  loadVectors,
  reasonOf,
  recordOf,
  VECTOR_IDS,
  type Step,
} from '../vectors/index.ts'
import { decodeRaw } from './codec.ts'
import { avscEvent, toAvsc } from './events.fixture.ts'
import { RAW_SCHEMA_VERSION } from './frame.ts'
import { bucketOf, partitionOf } from './partitioner.ts'
import { REASONS } from './reasons.ts'

const vectors = loadVectors()
const ids = new Map([
  [VECTOR_IDS.known, RAW_SCHEMA_VERSION],
  [VECTOR_IDS.newer, RAW_SCHEMA_VERSION + 1],
])

test('the files are what the authoring script writes, byte for byte', () => {
  for (const [name, text] of buildVectors()) {
    const onDisk = readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')
    assert.equal(
      onDisk === text,
      true,
      `${name}: run node schemas/vectors/build.ts and see the diff`,
    )
  }
})

test('names are unique, and no vector that was ever released is missing', () => {
  const names = new Set(vectors.map(({ name }) => name))
  assert.equal(names.size, vectors.length)
  assert.ok(vectors.length >= 376, `${vectors.length} vectors`)
})

test('every reason has vectors, and so has every other answer', () => {
  const steps = vectors.flatMap((vector) => vector.steps)
  const reasons = new Set(steps.map(reasonOf).filter((reason) => reason !== undefined))
  const answers = new Set(steps.flatMap(({ expect }) => Object.keys(expect)))
  assert.deepEqual([...reasons].toSorted(), REASONS.toSorted())
  assert.deepEqual([...answers].toSorted(), ['duplicate', 'rejected', 'row', 'stopped'])
})

test('the event that a step shows is the one that avsc reads from its bytes', () => {
  for (const { name, steps } of vectors)
    for (const { event, value } of steps) {
      if (event === null || value === null || !('avro' in value)) continue
      const read = plain(avscEvent.fromBuffer(expand(value.avro)))
      assert.deepEqual(read, plain(toAvsc(event)), name)
    }
})

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

// What a fold makes of the events is tested there; here, which records are events at all.
for (const { name, steps } of vectors)
  test(`vector: ${name}`, () => {
    for (const step of steps) assertDecodes(step)
  })

function assertDecodes(step: Step) {
  const decoded = decodeRaw(recordOf(step), ids, step.partitions)
  const { expect } = step
  if ('rejected' in expect) {
    assert.equal(decoded.kind === 'rejected' ? decoded.reason : decoded.kind, expect.rejected)
  } else if ('stopped' in expect) {
    const version = RAW_SCHEMA_VERSION + 1
    assert.deepEqual(decoded, { kind: expect.stopped, id: VECTOR_IDS.newer, version })
  } else {
    assert.equal(decoded.kind, 'event', JSON.stringify(decoded))
    if (step.event) assert.deepEqual(decoded, { kind: 'event', event: step.event })
  }
}

test('keys lie on the partitions and in the buckets of placement.json', () => {
  const { keys } = loadPlacement()
  assert.ok(keys.length >= 25)
  for (const { key, bucket, partitions } of keys) {
    const bytes = key === null ? null : Buffer.from(key, 'hex')
    assert.equal(bucketOf(bytes), bucket, `bucket of ${key}`)
    for (const [n, partition] of Object.entries(partitions))
      assert.equal(partitionOf(bytes!, Number(n)), partition, `partition of ${key} of ${n}`)
  }
})
