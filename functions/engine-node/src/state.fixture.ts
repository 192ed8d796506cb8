import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startOf, type Position } from './position.ts'
import type { StateStore, StoreOptions } from './state-log.ts'

export async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** All that can happen with megabytes happens with these, too. */
export const TINY: StoreOptions = {
  segmentBytes: 1_024,
  memoryBytes: 3_072,
  cleanFromBytes: 2_048,
}

export const at = (next: number): Position => ({ ...startOf(4), next })

/** Few hashes, so that many keys share one. */
const hashOf = (key: Buffer) => (key[key.length - 1] ?? 0) % 3

/** Puts a state, which may take less room than was reserved. */
export function put(store: StateStore, key: string, state: string | Buffer): void {
  const bytes = Buffer.from(key)
  const stateBytes = typeof state === 'string' ? Buffer.from(state) : state
  store.find(hashOf(bytes), bytes, 0, bytes.length)
  store.reserve(stateBytes.length + 8)
  store.roomMemory.bytes.set(stateBytes, store.roomAt)
  store.put(stateBytes.length)
}

/** Puts states and commits them for an offset. */
export function commit(store: StateStore, next: number, states: Record<string, string>): void {
  for (const [key, state] of Object.entries(states)) put(store, key, state)
  store.commit(next, { offset: next - 1, sha256: 'x'.repeat(64) })
}

/** A key's state; undefined = there is none. */
export function get(store: StateStore, key: string): string | undefined {
  const buf = Buffer.from(`-${key}-`)
  const bytes = buf.subarray(1, -1)
  if (!store.find(hashOf(bytes), buf, 1, bytes.length)) return undefined
  return store.memory.bytes.toString('latin1', store.at, store.at + store.length)
}
