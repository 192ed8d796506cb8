import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { at, commit, get, put, tempDir, TINY } from './state.fixture.ts'
import { StateStore, type StoreOptions } from './state-log.ts'

type Put = readonly [key: string, length: number, fill: number]
type Op =
  | { kind: 'transaction'; puts: readonly Put[]; commit: boolean }
  | { kind: 'flush'; wait: boolean }
  | { kind: 'reopen' }
  | { kind: 'cut' | 'damage'; file: number; share: number }

const keys = ['', 'a', 'b', 'ab', 'ü', 'd', 'order-1', 'order-2', 'x'.repeat(300)]
const somePut = fc.tuple(
  fc.constantFrom(...keys),
  fc.oneof({ arbitrary: fc.nat(60), weight: 9 }, { arbitrary: fc.nat(2_500), weight: 1 }),
  fc.integer({ min: 33, max: 126 }),
)
const place = { file: fc.nat(), share: fc.double({ min: 0, max: 1, noNaN: true }) }
const someOp: fc.Arbitrary<Op> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      puts: fc.array(somePut, { maxLength: 8 }),
      commit: fc.nat(3).map((n) => n > 0),
    }),
    weight: 10,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('flush' as const), wait: fc.boolean() }),
    weight: 6,
  },
  { arbitrary: fc.record({ kind: fc.constant('reopen' as const) }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'damage' as const), ...place }),
    weight: 1,
  },
)

type States = ReadonlyMap<string, string>

/** A store, and beside it what it should hold now and what it held at each flush. */
class Run {
  readonly dir: string
  store: StateStore
  states: States = new Map()
  next = 0
  /** by position */
  flushed = new Map<number, { states: States; sizes?: Map<string, number> }>([
    [0, { states: new Map() }],
  ])

  constructor(dir: string, store: StateStore) {
    this.dir = dir
    this.store = store
  }

  async do(op: Op): Promise<void> {
    if (op.kind === 'transaction') this.#transaction(op.puts, op.commit)
    else if (op.kind === 'flush') await this.#flush(op.wait)
    else if (op.kind === 'reopen') await this.#reopen()
    else await this.#harm(op)
    this.check()
  }

  check(): void {
    assert.equal(this.store.position.next, this.next)
    assert.equal(this.store.orders, this.states.size)
    for (const key of [...keys, 'absent']) assert.equal(get(this.store, key), this.states.get(key))
  }

  #transaction(puts: readonly Put[], commit: boolean): void {
    const states = new Map(this.states)
    for (const [key, length, fill] of puts) {
      const state = Buffer.alloc(length, fill)
      put(this.store, key, state)
      states.set(key, state.toString('latin1'))
      assert.equal(get(this.store, key), states.get(key))
    }
    if (!commit) return this.store.rollback()
    this.store.commit(++this.next, { offset: this.next - 1, sha256: 'x'.repeat(64) })
    this.states = states
  }

  async #flush(wait: boolean): Promise<void> {
    this.flushed.set(this.next, { states: this.states })
    const done = this.store.flush()
    if (!wait) return
    await done
    assert.equal(this.store.unflushed, 0)
    this.flushed.set(this.next, { states: this.states, sizes: await this.#sizes() })
  }

  /** What is in the files after a crash is what was flushed. */
  async #reopen(): Promise<void> {
    await this.store.close()
    const last = Math.max(...this.flushed.keys())
    this.store = await StateStore.open(this.dir, at(0), TINY)
    this.next = last
    this.states = this.flushed.get(last)!.states
  }

  /** Whatever is lost or wrong: what is there then is what was there at some flush, or nothing. */
  async #harm({ kind, file, share }: { kind: 'cut' | 'damage'; file: number; share: number }) {
    await this.store.close()
    const names = [...(await this.#sizes()).keys()]
    if (names.length > 0) {
      const path = join(this.dir, names[file % names.length]!)
      const bytes = await readFile(path)
      const place = Math.floor(share * (bytes.length - 1))
      if (kind === 'cut') await truncate(path, place)
      else if (bytes.length > 0) {
        bytes[place]! ^= 1
        await writeFile(path, bytes)
      }
    }
    const sizes = await this.#sizes()
    this.store = await StateStore.open(this.dir, at(0), TINY)
    this.next = this.store.position.next
    if (kind === 'cut') {
      const whole = [...this.flushed].filter(([, flush]) => isIn(flush.sizes, sizes))
      assert.ok(this.next >= Math.max(0, ...whole.map(([next]) => next)))
    }
    this.states = this.flushed.get(this.next)!.states
    for (const next of this.flushed.keys()) if (next > this.next) this.flushed.delete(next)
  }

  async #sizes(): Promise<Map<string, number>> {
    const names = (await readdir(this.dir)).toSorted()
    const sizes = names.map(
      async (name) => [name, (await stat(join(this.dir, name))).size] as const,
    )
    return new Map(await Promise.all(sizes))
  }
}

/** Whether all files that there were are still there, and no shorter. */
const isIn = (before: Map<string, number> | undefined, now: Map<string, number>) =>
  before !== undefined && [...before].every(([name, size]) => (now.get(name) ?? -1) >= size)

test('holds what was committed last, through any sequence of transactions, flushes, openings and damage', async (t) => {
  const parent = await tempDir(t)
  let runs = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(someOp, { minLength: 1, maxLength: 60, size: 'max' }),
      async (ops) => {
        const dir = join(parent, String(runs++))
        const run = new Run(dir, await StateStore.open(dir, at(0), TINY))
        try {
          for (const op of ops) await run.do(op)
        } finally {
          await run.store.close()
          await rm(dir, { recursive: true })
        }
      },
    ),
    { numRuns: 120 },
  )
})

async function opened(t: TestContext, dir: string, options: StoreOptions = TINY) {
  const store = await StateStore.open(dir, at(0), options)
  t.after(() => store.close())
  return store
}
const filesIn = async (dir: string) => (await readdir(dir)).toSorted()

test('what was flushed is there after opening again, what was not is lost together with its offset', async (t) => {
  const dir = await tempDir(t)
  const store = await StateStore.open(dir, at(0))
  commit(store, 10, { a: '1', b: '2' })
  await store.flush()
  commit(store, 20, { a: '3', c: '4' })
  await store.close()

  const again = await opened(t, dir)

  assert.deepEqual(again.position, { ...at(10), last: { offset: 9, sha256: 'x'.repeat(64) } })
  assert.deepEqual([get(again, 'a'), get(again, 'b'), get(again, 'c')], ['1', '2', undefined])
})

test('a state begins where its floats are aligned, whatever the lengths of keys', async (t) => {
  const store = await opened(t, await tempDir(t))
  for (let length = 0; length < 20; length++) {
    put(store, 'k'.repeat(length), 'x'.repeat(length + 1))
    assert.equal(store.roomAt % 8, 0)
    assert.equal(get(store, 'k'.repeat(length)), 'x'.repeat(length + 1))
    assert.equal(store.at % 8, 0)
  }
})

test('order ids that are not ASCII, and of the greatest length, are keys', async (t) => {
  const store = await opened(t, await tempDir(t), {})
  const keys = ['ü'.repeat(512), 'x'.repeat(1_024), '\u0000', '订单-1', '🧾']
  commit(store, 1, Object.fromEntries(keys.map((key, i) => [key, `state ${i}`])))

  assert.deepEqual(
    keys.map((key) => get(store, key)),
    ['state 0', 'state 1', 'state 2', 'state 3', 'state 4'],
  )
})

test('what was found stays readable while there is room made for the next state, in memory and from a file', async (t) => {
  const dir = await tempDir(t)
  const filled = await StateStore.open(dir, at(0), TINY)
  for (let n = 1; n <= 40; n++) commit(filled, n, { [`key-${n}`]: `state ${n} `.padEnd(100, '.') })
  await filled.flush()
  await filled.close()
  const store = await opened(t, dir)
  for (let n = 1; n <= 40; n++) {
    assert.match(get(store, `key-${n}`)!, new RegExp(`^state ${n} `))
    const { memory, at: from, length } = store
    store.reserve(900) // hardly fits anywhere
    const before = memory.bytes.toString('latin1', from, from + length)
    memory.bytes.copy(store.roomMemory.bytes, store.roomAt, from, from + length)
    store.put(length)
    assert.equal(get(store, `key-${n}`), before)
  }
})

test('a transaction of thousands of orders is forgotten as a whole', async (t) => {
  const store = await opened(t, await tempDir(t), {})
  const keys = Array.from({ length: 1_400 }, (_, i) => `order-${i}`)
  commit(store, 1, Object.fromEntries(keys.slice(0, 700).map((key) => [key, 'old'])))
  for (const key of [...keys, ...keys]) put(store, key, 'new')

  store.rollback()

  assert.equal(store.orders, 700)
  for (const [i, key] of keys.entries()) assert.equal(get(store, key), i < 700 ? 'old' : undefined)
})

test('a flush within a transaction is refused, and neither commits nor loses anything', async (t) => {
  const store = await opened(t, await tempDir(t))
  commit(store, 1, { a: '1' })
  put(store, 'a', '2')

  await assert.rejects(store.flush(), /a flush within a transaction/)

  store.rollback()
  await store.flush()
  assert.equal(get(store, 'a'), '1')
})

test('what waits for a flush is counted, and nothing is written twice', async (t) => {
  const dir = await tempDir(t)
  const store = await opened(t, dir, {})
  assert.equal(store.unflushed, 0)
  commit(store, 1, { 'a-key-of-20-bytes---': 'x'.repeat(100) })
  assert.equal(store.unflushed, 256 + 40 + 104, 'a head, the record’s and its key, the state')
  put(store, 'b', 'y')
  store.rollback()
  assert.equal(store.unflushed, 400)

  await Promise.all([store.flush(), store.flush()])
  await store.flush()

  assert.equal(store.unflushed, 0)
  assert.equal((await stat(join(dir, '0000000001.log'))).size, 400)
  store.commit(2, null) // only the position is new
  await store.flush()
  assert.equal((await stat(join(dir, '0000000001.log'))).size, 656)
})

test('a write that fails is made up for by the next flush', async (t) => {
  const dir = await tempDir(t)
  const store = await opened(t, join(dir, 'state'))
  await rm(join(dir, 'state'), { recursive: true })
  commit(store, 1, { a: '1' })
  await assert.rejects(store.flush(), { code: 'ENOENT' })
  await mkdir(join(dir, 'state'))

  await store.flush()

  assert.equal(store.unflushed, 0)
  const again = await opened(t, join(dir, 'state'))
  assert.deepEqual([again.position.next, get(again, 'a')], [1, '1'])
})

test('a log that is mostly outdated gets shorter at its beginning, while it is in memory and when it is not', async (t) => {
  for (const memoryBytes of [1 << 20, 2_048]) {
    const dir = await tempDir(t)
    const options = { ...TINY, memoryBytes }
    let store = await StateStore.open(dir, at(0), options)
    commit(store, 1, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`old-${i}`, `${i}`])))
    for (let n = 2; n < 200; n++) {
      put(store, 'never', 'x'.repeat(100))
      store.rollback()
      commit(store, n, { hot: `${n}`.padEnd(60, '.') })
      await store.flush()
      if (n % 40 > 0) continue
      await store.close()
      store = await StateStore.open(dir, at(0), options)
    }
    const files = await filesIn(dir)
    await store.close()

    assert.ok(!files.includes('0000000001.log'))
    assert.ok(files.length < 20, `${files.length} segments of 1 KiB for 3 KiB of states`)
    const again = await opened(t, dir, options)
    assert.equal(again.orders, 51)
    for (let i = 0; i < 50; i++) assert.equal(get(again, `old-${i}`), `${i}`)
    assert.match(get(again, 'hot')!, /^199\./)
  }
})

/** A log whose first segment was cleaned and removed; `kept` is a copy of that segment. */
async function cleaned(t: TestContext) {
  const dir = await tempDir(t)
  const store = await StateStore.open(dir, at(0), TINY)
  const first = join(dir, '0000000001.log')
  const kept = join(await tempDir(t), 'kept')
  commit(store, 1, { a: 'the only one' })
  await store.flush()
  for (let n = 2; (await filesIn(dir)).includes('0000000001.log'); n++) {
    await copyFile(first, kept)
    commit(store, n, { b: `${n}`.padEnd(200, '.') })
    await store.flush()
  }
  await store.close()
  assert.equal((await filesIn(dir))[0], '0000000002.log')
  return { dir, first, kept, next: store.position.next }
}

test('killed before it removed a segment that it had cleaned, a store holds the same and removes it later', async (t) => {
  const { dir, first, kept, next } = await cleaned(t)
  await copyFile(kept, first)

  const again = await opened(t, dir)

  assert.deepEqual([again.position.next, again.orders, get(again, 'a')], [next, 2, 'the only one'])
  await again.flush()
  commit(again, next + 1, { c: '' })
  await again.flush()
  assert.equal((await filesIn(dir))[0], '0000000002.log')
})

test('a log whose end is lost together with what was written again is none, not one without these orders', async (t) => {
  const { dir } = await cleaned(t)
  const files = await filesIn(dir)
  for (const file of files.slice(1)) await truncate(join(dir, file), 0)
  await truncate(join(dir, files[0]!), 512)

  const again = await opened(t, dir)

  assert.deepEqual([again.position.next, again.orders, get(again, 'a')], [0, 0, undefined])
  assert.deepEqual(await filesIn(dir), [])
})
