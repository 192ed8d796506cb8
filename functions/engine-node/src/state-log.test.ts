import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { startOf, type Position } from './position.ts'
import { StateStore, type StoreOptions } from './state-log.ts'

async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** All that can happen with megabytes happens with these, too. */
const TINY: StoreOptions = { segmentBytes: 1_024, memoryBytes: 3_072, cleanFromBytes: 2_048 }
const at = (next: number): Position => ({ ...startOf(4), next })

/** Few hashes, so that many keys share one. */
const hashOf = (key: Buffer) => (key[key.length - 1] ?? 0) % 3

function put(store: StateStore, key: string, state: Buffer): void {
  const bytes = Buffer.from(key)
  store.find(hashOf(bytes), bytes, 0, bytes.length)
  store.reserve(state.length + 8)
  store.roomMemory.bytes.set(state, store.roomAt)
  store.put(state.length)
}

function get(store: StateStore, key: string): string | undefined {
  const buf = Buffer.from(`-${key}-`)
  const bytes = buf.subarray(1, -1)
  if (!store.find(hashOf(bytes), buf, 1, bytes.length)) return undefined
  assert.equal(store.at % 8, 0)
  return store.memory.bytes.toString('latin1', store.at, store.at + store.length)
}

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
    { numRuns: 300 },
  )
})
