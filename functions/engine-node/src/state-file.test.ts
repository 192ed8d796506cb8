import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { startOf, type Position } from './position.ts'
import { NOWHERE, StateFile, type Change } from './state-file.ts'

async function tempFile(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'state')
}

const at = (next: number): Position => ({ ...startOf(4), next })
const change = (key: string, value: string): Change => ({
  key: Buffer.from(key),
  write: (w) => w.bytes(Buffer.from(value)),
})
const valueOf = (file: StateFile, key: string) => file.get(Buffer.from(key))?.value.toString()

/** A file in which 4,000 values of 5 KB were each written `times` times, so that it is compacted now and then. */
async function rewritten(path: string, times: number): Promise<StateFile> {
  const file = await StateFile.open(path, at(0))
  for (let round = 1; round <= times; round++) {
    const changes = Array.from({ length: 4_000 }, (_, i) =>
      change(`key-${i}`, `${i}/${round}/`.padEnd(5_000, 'x')),
    )
    await file.append(changes, at(round))
    await file.compact()
  }
  return file
}

test('holds the newest value of every key, through any sequence of writes and openings', async (t) => {
  const writes = fc.array(
    fc.oneof(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ab', 'ü', ''), fc.string()), { maxLength: 6 }),
      fc.constant('open' as const),
    ),
    { maxLength: 20 },
  )
  const path = await tempFile(t)
  await fc.assert(
    fc.asyncProperty(writes, async (sequence) => {
      await rm(path, { force: true })
      let file = await StateFile.open(path, at(0))
      const expected = new Map<string, string>()
      let next = 0
      for (const step of sequence) {
        if (step === 'open') {
          await file.close()
          file = await StateFile.open(path, at(0))
        } else {
          next++
          await file.append(
            step.map(([key, value]) => change(key, value)),
            at(next),
          )
          for (const [key, value] of step) expected.set(key, value)
        }
        assert.equal(file.position.next, next)
        assert.equal(file.size, expected.size)
        for (const [key, value] of expected) assert.equal(valueOf(file, key), value)
        assert.equal(valueOf(file, 'absent'), undefined)
      }
      await file.close()
    }),
    { numRuns: 50 },
  )
})

test('two keys of one hash are two keys', async (t) => {
  // found by search: murmur2 of both is the same
  const [one, other] = ['order-80130', 'order-137953']
  const file = await StateFile.open(await tempFile(t), at(0))
  t.after(() => file.close())

  await file.append([change(one, '1'), change(other, '2')], at(1))
  await file.append([change(one, '3')], at(2))

  assert.deepEqual([valueOf(file, one), valueOf(file, other), file.size], ['3', '2', 2])
})

test('a change that says what it replaces is put in its place, and a new one beside what has its hash', async (t) => {
  const file = await StateFile.open(await tempFile(t), at(0))
  t.after(() => file.close())
  await file.append([{ ...change('order-80130', '1'), replaces: NOWHERE }], at(1))
  await file.append([{ ...change('order-137953', '2'), replaces: NOWHERE }], at(2))
  const replaces = file.get(Buffer.from('order-80130'))!.offset
  await file.append([{ ...change('order-80130', '3'), replaces }], at(3))

  assert.equal(valueOf(file, 'order-80130'), '3')
  assert.equal(valueOf(file, 'order-137953'), '2')
  assert.equal(file.size, 2)
})

test('a file that is mostly outdated is rewritten, and holds the same', async (t) => {
  const path = await tempFile(t)
  const file = await rewritten(path, 6)
  const { size } = await stat(path)
  await file.close()

  assert.ok(size < 3 * 4_000 * 5_000, `${size} bytes for six times 20 MB`)
  const again = await StateFile.open(path, at(0))
  t.after(() => again.close())
  assert.equal(again.position.next, 6)
  assert.equal(again.size, 4_000)
  for (const i of [0, 1, 2_000, 3_999])
    assert.match(valueOf(again, `key-${i}`)!, new RegExp(`^${i}/6/x+$`))
})

test('cut off anywhere, a file stands for what its whole blocks stand for', async (t) => {
  const path = await tempFile(t)
  const file = await StateFile.open(path, at(0))
  const ends: number[] = []
  for (const round of [1, 2, 3]) {
    await file.append([change('a', `${round}`), change(`b${round}`, 'x')], at(round))
    ends.push((await stat(path)).size)
  }
  await file.close()
  const copy = `${path}.copy`

  for (let length = 0; length <= ends[2]!; length++) {
    await copyFile(path, copy)
    await truncate(copy, length)
    const cut = await StateFile.open(copy, at(0))
    const whole = ends.filter((end) => end <= length).length
    assert.equal(cut.position.next, whole)
    assert.equal(valueOf(cut, 'a'), whole === 0 ? undefined : `${whole}`)
    assert.equal(cut.size, whole === 0 ? 0 : whole + 1)
    await cut.append([change('a', 'new')], at(9))
    assert.equal(valueOf(cut, 'a'), 'new')
    await cut.close()
  }
})

test('a rewritten file that was cut off stands for nothing, not for a part of the orders', async (t) => {
  const path = await tempFile(t)
  const file = await rewritten(path, 2)
  await file.compact()
  await file.close()
  const { size } = await stat(path)
  assert.ok(size < 1.1 * 4_000 * 5_000, 'it was compacted last')
  await truncate(path, size - 1)

  const cut = await StateFile.open(path, at(0))
  t.after(() => cut.close())

  assert.equal(cut.position.next, 0)
  assert.equal(cut.size, 0)
})

test('a damaged byte ends the file where it is; a file of something else is an empty one', async (t) => {
  const path = await tempFile(t)
  const file = await StateFile.open(path, at(0))
  await file.append([change('a', '1')], at(1))
  const { size: first } = await stat(path)
  await file.append([change('a', '2')], at(2))
  await file.close()
  const bytes = await readFile(path)
  bytes[first + 20]! ^= 1
  await writeFile(path, bytes)

  const damaged = await StateFile.open(path, at(0))
  assert.deepEqual([damaged.position.next, valueOf(damaged, 'a')], [1, '1'])
  await damaged.close()
  await writeFile(path, 'something else entirely')
  const other = await StateFile.open(path, at(0))
  t.after(() => other.close())
  assert.deepEqual([other.position.next, other.size], [0, 0])
})
