import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { delimiter, join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import {
  decodeRaw,
  encodeCurated,
  RAW_SCHEMA_VERSION,
  REASONS,
  type RawRecord,
} from '@order-up/schemas'
import { loadVectors, VECTOR_IDS } from '@order-up/schemas/vectors'
import { findMaven } from '@order-up/stack'
import { randomLog } from './random-log.fixture.ts'

/** The Java fold: its own tests, and then the same log through it and through the TypeScript one. */
const PROJECT = resolve(import.meta.dirname, '../../../functions/engine-jvm')
const FOLD = join(PROJECT, 'fold/target')
const CLASS_PATH = [join(FOLD, 'classes'), join(FOLD, 'test-classes')].join(delimiter)

const PARTITIONS = 4
const RECORDS = 40_000
/** as in Java's SmallestEngine */
const CURATED_ID = 0x11121314

const run = promisify(execFile)

test('the tests of functions/engine-jvm pass, with nothing skipped', async (t) => {
  const maven = await findMaven(process.env)
  const { stdout } = await run(maven, ['-B', '-ntp', '-f', join(PROJECT, 'pom.xml'), 'test'], {
    timeout: 600_000,
  }).catch((error: { stdout?: string; stderr?: string; message: string }) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`)
  })
  const counts = [...stdout.matchAll(/^\[.*\] Tests run: (.*Skipped: [0-9]+)$/gm)].map((m) => m[1]!)
  t.diagnostic(`Tests run in each module: ${counts.join('; ')}`)
  assert.ok(counts.length > 0, stdout)
  for (const count of counts) assert.match(count, /^[0-9]+, Failures: 0, Errors: 0, Skipped: 0$/)
  const tests = counts.reduce((sum, count) => sum + Number.parseInt(count, 10), 0)
  assert.ok(tests > loadVectors().length, `${tests} tests are fewer than there are vectors`)
})

// Says nothing of the shells: what they read and write over Kafka is the conformance kit's.
test('both folds answer alike, byte for byte, to a random log', { timeout: 120_000 }, async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const log = randomLog({
    seed,
    records: RECORDS,
    partitions: PARTITIONS,
    schemaId: VECTOR_IDS.known,
    orders: 60,
    dozensOfIds: 1_000,
  })
  const expected = answersOf(log)

  const answers = await javaAnswersOf(log)

  assert.equal(answers.length, log.length)
  log.forEach((record, i) =>
    assert.equal(answers[i], expected[i], `seed ${seed}, record ${i}: ${lineOf(record)}`),
  )
  const kinds = Map.groupBy(expected, (answer) => answer.replace(/^row.*/, 'row'))
  t.diagnostic([...kinds].map(([kind, all]) => `${kind} ${all.length}`).join(', '))
  for (const kind of ['row', 'duplicate', ...REASONS.map((reason) => `rejected ${reason}`)])
    assert.ok(
      (kinds.get(kind)?.length ?? 0) >= 10,
      `too few records end as ${kind} to say anything`,
    )
})

/** What the TypeScript fold answers, in the words of Java's Answers. */
function answersOf(log: readonly RawRecord[]): string[] {
  const ids = new Map([[VECTOR_IDS.known, RAW_SCHEMA_VERSION]])
  const states = new Map<string, OrderState>()
  return log.map((record) => {
    const decoded = decodeRaw(record, ids, PARTITIONS)
    if (decoded.kind === 'rejected') return `rejected ${decoded.reason}`
    assert.equal(decoded.kind, 'event')
    if (decoded.kind !== 'event') return ''
    const { order_id } = decoded.event
    const state = fold(states.get(order_id) ?? null, decoded.event)
    if (state === 'duplicate') return state
    states.set(order_id, state)
    return `row ${encodeCurated(rowOf(order_id, state), CURATED_ID).toString('hex')}`
  })
}

async function javaAnswersOf(log: readonly RawRecord[]): Promise<string[]> {
  const args = ['-cp', CLASS_PATH, 'orderup.fold.Answers', `${PARTITIONS}`, `${VECTOR_IDS.known}`]
  const java = run('java', args, { timeout: 60_000, maxBuffer: 1 << 30 })
  java.child.stdin!.end(log.map((record) => `${lineOf(record)}\n`).join(''))
  const { stdout } = await java
  return stdout.trimEnd().split('\n')
}

const lineOf = ({ key, value, partition }: RawRecord) =>
  `${partition} ${key?.toString('hex') ?? '-'} ${value?.toString('hex') ?? '-'}`
