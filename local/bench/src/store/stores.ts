import { join } from 'node:path'
import { StateStore } from '@order-up/engine-node/store'
import { CONTRACT_VERSION } from '@order-up/schemas'

const MIB = 1 << 20
/** as the engine's, for all partitions */
const UNFLUSHED = 64 * MIB

/** What is measured of a store of one partition's orders. */
export interface MeasuredStore {
  /** Reads the state of a key, and puts one of this length in its place. */
  update(hash: number, key: Buffer, length: number): void
  /** @returns whether it is there */
  read(hash: number, key: Buffer): boolean
  /** what was updated since the last time stands */
  commit(): Promise<void>
  close(): Promise<void>
}

/** The least that it can cost: nothing is kept on disk, nothing can be taken back. */
export function mapStore(): MeasuredStore {
  const states = new Map<string, Buffer>()
  return {
    update(_hash, key, length) {
      const name = key.toString('latin1')
      const before = states.get(name)
      const state = Buffer.allocUnsafeSlow(length)
      if (before) before.copy(state)
      states.set(name, state)
    },
    read: (_hash, key) => states.has(key.toString('latin1')),
    commit: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

/** The engine's. @param memoryBytes of all partitions together */
export async function logStore(
  dir: string,
  partition: number,
  partitions: number,
  memoryBytes: number,
): Promise<MeasuredStore> {
  const fresh = { contractVersion: CONTRACT_VERSION, partitions, next: 0, last: null }
  const store = await StateStore.open(join(dir, String(partition)), fresh, {
    memoryBytes: memoryBytes / partitions,
  })
  let next = store.position.next
  return {
    update(hash, key, length) {
      const isThere = store.find(hash, key, 0, key.length)
      store.reserve(length)
      if (isThere) {
        const end = Math.min(store.length, length) + store.at
        store.memory.bytes.copy(store.roomMemory.bytes, store.roomAt, store.at, end)
      }
      store.put(length)
    },
    read: (hash, key) => store.find(hash, key, 0, key.length),
    async commit() {
      store.commit(++next, null)
      if (store.unflushed > UNFLUSHED / partitions) await store.flush()
    },
    async close() {
      await store.flush()
      await store.close()
    },
  }
}
