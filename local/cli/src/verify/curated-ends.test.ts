import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CURATED_ENDS, type CuratedEnd } from './curated-ends.sql.ts'
import { Scratch } from './scratch.ts'
import { CURATED } from './tables.ts'

/** Rows of partition 1 from offset 100 on, by the raw records that they are of. */
async function endsOf(rows: readonly { engine: string; raw: number | null; filled?: boolean }[]) {
  const db = await Scratch.open({ onDisk: false })
  try {
    const table = await db.table('curated', CURATED)
    rows.forEach(({ engine, raw, filled = false }, i) =>
      table.add({ p: 1, o: 100 + i, engine, raw_partition: 1, raw_offset: raw, filled }),
    )
    table.end()
    return await db.rows<CuratedEnd>(CURATED_ENDS)
  } finally {
    await db.close()
  }
}

const by = (engine: string, ...raws: (number | null)[]) => raws.map((raw) => ({ engine, raw }))

test('rows in the order of raw are due from the oldest that is left', async () => {
  assert.deepEqual(await endsOf(by('node-1', 7, 8, 9)), [{ p: 1, next: 103n, first: 7n }])
})

// Flink's subtasks write to one partition side by side: 6 may lie below 7, and be gone
test('rows out of order are due from as much later as they are seen to be out of order', async () => {
  assert.deepEqual(await endsOf(by('flink-1', 7, 10, 8, 9, 11)), [{ p: 1, next: 105n, first: 9n }])
})

test('a second engine that is behind the first is not out of order', async () => {
  const rows = [...by('node-1', 7, 8), ...by('flink-1', 3, 4), ...by('node-1', 9)]
  assert.deepEqual(await endsOf(rows), [{ p: 1, next: 105n, first: 7n }])
})

// node-1 had written its rows up to 8 before flink-1 wrote that of 3: those of 4 to 8 may be gone
test('of two engines that share the orders, the one that was further on counts', async () => {
  const rows = [...by('flink-1', 3), ...by('node-1', 9), ...by('flink-1', 4)]
  assert.deepEqual(await endsOf(rows), [{ p: 1, next: 103n, first: 9n }])
})

test('what a swap filled in says nothing of the order of rows', async () => {
  const filled = by('node-1', 2).map((row) => ({ ...row, filled: true }))
  const rows = [...by('node-1', 7, 8), ...filled, ...by('node-1', 9)]
  assert.deepEqual(await endsOf(rows), [{ p: 1, next: 104n, first: 7n }])
})

test('what names no raw record says nothing of it', async () => {
  assert.deepEqual(await endsOf(by('x', null)), [{ p: 1, next: 101n, first: null }])
})
