import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { murmur2 } from '@order-up/schemas'
import { round } from '../bench.ts'
import { usageOf } from '../usage.ts'
import { logStore, mapStore, type MeasuredStore } from './stores.ts'

const PARTITIONS = 4
const STATE_BYTES = 280
const PER_COMMIT = 4_000
const UPDATES = 2_000_000

const key = Buffer.from('00000000-0000-4000-8000-000000000000')
const HEX = Buffer.from('0123456789abcdef')

export type StoreFigures = Record<string, number>

const [kind, ordersText] = process.argv.slice(2)
const orders = Number(ordersText)
const dir = await mkdtemp(join(tmpdir(), 'order-up-store-'))

async function measure(): Promise<StoreFigures> {
  let stores = await openAll()
  await each(stores, orders, (i) => i)
  const warmUp = Math.min(orders, UPDATES) / 2
  const anyOrder = () => Math.floor(Math.random() * orders)
  await each(stores, warmUp, anyOrder)
  const updated = await measured(UPDATES, () => each(stores, UPDATES, anyOrder))
  const read = await measured(UPDATES, () => readAll(stores, anyOrder))
  const { peakRssMiB } = usageOf([process.pid])
  const figures: StoreFigures = {
    'update, µs CPU': updated,
    'read, µs CPU': read,
    'peak RSS MiB': peakRssMiB,
  }
  await Promise.all(stores.map((store) => store.close()))
  if (kind === 'map') return figures
  const start = performance.now()
  stores = await openAll()
  figures['open, s'] = round((performance.now() - start) / 1_000, 2)
  figures['disk MiB'] = await diskMiB()
  await Promise.all(stores.map((store) => store.close()))
  return figures
}

function openAll(): Promise<MeasuredStore[]> {
  const memoryBytes = kind === 'disk' ? 256 << 20 : 16 * 2 ** 30
  const open = async (_: unknown, partition: number) =>
    kind === 'map' ? mapStore() : logStore(dir, partition, PARTITIONS, memoryBytes)
  return Promise.all(Array.from({ length: PARTITIONS }, open))
}

/** Updates orders, so many to a commit, the partitions in turns. */
async function each(stores: MeasuredStore[], count: number, order: (i: number) => number) {
  for (let i = 0; i < count; i++) {
    const id = order(i)
    const key = keyOf(id)
    stores[id % PARTITIONS]!.update(murmur2(key), key, STATE_BYTES - 40 + (i % 80))
    if (i % (PER_COMMIT * PARTITIONS) === 0) for (const store of stores) await store.commit()
  }
  for (const store of stores) await store.commit()
}

async function readAll(stores: MeasuredStore[], order: () => number): Promise<void> {
  for (let i = 0; i < UPDATES; i++) {
    const id = order()
    const key = keyOf(id)
    if (!stores[id % PARTITIONS]!.read(murmur2(key), key)) throw new Error(`order ${id} is gone`)
  }
}

/** @returns µs of CPU for each of so many */
async function measured(count: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return round((user + system) / count, 2)
}

/** An order's id as it is in practice, of 36 bytes; always in the same buffer. */
function keyOf(order: number): Buffer {
  let rest = Math.imul(order, 0x9e3779b1)
  for (let i = 0; i < 8; i++) {
    key[i] = HEX[rest & 15]!
    rest >>>= 4
  }
  rest = order
  for (let i = 35; i > 27; i--) {
    key[i] = HEX[rest & 15]!
    rest >>>= 4
  }
  return key
}

async function diskMiB(): Promise<number> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true })
  const sizes = files
    .filter((file) => file.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size)
  return round((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 2 ** 20)
}

try {
  process.stdout.write(JSON.stringify(await measure()))
} finally {
  await rm(dir, { recursive: true })
}
