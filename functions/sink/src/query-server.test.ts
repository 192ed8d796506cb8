import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { rowOf } from '../test/rows.ts'
import { openDuckDb } from './duckdb.ts'
import { queryWarehouse, serveQueries } from './query-server.ts'

describe('queries through the process that holds the file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-query-'))
  const socket = join(dir, 'sink.sock')
  const warehouse = await openDuckDb(join(dir, 'w.duckdb'))
  await warehouse.prepare()
  await warehouse.merge([rowOf('a', 3), rowOf('b', 1)], Date.UTC(2026, 0, 1))
  await writeFile(socket, 'left by a killed sink')
  const server = await serveQueries(socket, warehouse)
  after(async () => {
    await server.close()
    await warehouse.close()
    await rm(dir, { recursive: true })
  })
  const ask = (sql: string, options?: { limit?: number }) => queryWarehouse(socket, sql, options)

  test('columns with types, and rows', async () => {
    assert.deepEqual(await ask('SELECT ORDER_ID, VERSION, LOADED_AT FROM ORDERS ORDER BY 1'), {
      columns: [
        { name: 'ORDER_ID', type: 'VARCHAR' },
        { name: 'VERSION', type: 'BIGINT' },
        { name: 'LOADED_AT', type: 'TIMESTAMP' },
      ],
      rows: [
        ['a', 3, '2026-01-01T00:00:00.000Z'],
        ['b', 1, '2026-01-01T00:00:00.000Z'],
      ],
      truncated: false,
    })
  })

  test('numbers that a double would round come as text, others as numbers', async () => {
    const { rows } = await ask(
      "SELECT 9007199254740991, 9007199254740993, sum(2::HUGEINT), 1.50, [1, 2], NULL, TIMESTAMP '1969-12-31 23:59:59.999999'",
    )
    assert.deepEqual(rows, [
      [
        9007199254740991,
        '9007199254740993',
        2,
        '1.50',
        [1, 2],
        null,
        '1969-12-31T23:59:59.999999Z',
      ],
    ])
  })

  test('the answer is cut at the limit', async () => {
    const { rows, truncated } = await ask('FROM range(5000)', { limit: 3 })
    assert.deepEqual([rows, truncated], [[[0], [1], [2]], true])
  })

  for (const sql of [
    'DESCRIBE ORDERS',
    'EXPLAIN SELECT 1',
    'WITH x AS (SELECT 1) FROM x',
    '-- a\nSELECT 1;',
  ]) {
    test(`allowed: ${sql}`, async () => {
      assert.notEqual((await ask(sql)).rows.length, 0)
    })
  }

  for (const [sql, why] of [
    ['DELETE FROM ORDERS', /reads is allowed, not DELETE/],
    ['EXPLAIN ANALYZE DELETE FROM ORDERS', /read-only mode/],
    ['SELECT 1; DROP TABLE ORDERS', /One statement at a time/],
    ['COMMIT', /not TRANSACTION/],
    ['SET enable_external_access = true', /not SET/],
    ["COPY ORDERS TO '/tmp/order-up-stolen.csv'", /disabled by configuration/],
    ["SELECT * FROM read_text('/etc/hostname')", /disabled by configuration/],
    ["ATTACH '/tmp/order-up-other.duckdb'", /not ATTACH|disabled by configuration/],
    ['SELECT nothing FROM ORDERS', /Referenced column "nothing" not found/],
    ['  ', /at least|too small|statement/i],
  ] as const) {
    test(`refused: ${sql}`, async () => {
      await assert.rejects(ask(sql), { code: 'QUERY', message: why })
      assert.deepEqual((await ask('SELECT count(*) FROM ORDERS')).rows, [[2]])
    })
  }

  test('a query sees only whole merges while the sink goes on', async () => {
    const merging = warehouse.merge([rowOf('c', 1), rowOf('d', 1)], 0)
    const counts = await Promise.all(
      Array.from({ length: 10 }, () => ask('SELECT count(*) FROM ORDERS')),
    )
    await merging
    assert.ok(counts.every(({ rows }) => rows[0]![0] === 2 || rows[0]![0] === 4))
    assert.deepEqual((await ask('SELECT count(*) FROM ORDERS')).rows, [[4]])
  })

  test('only the owner may open the socket', async () => {
    assert.equal((await stat(socket)).mode & 0o777, 0o600)
  })

  test('a second server does not take over a socket that is answered', async () => {
    await assert.rejects(serveQueries(socket, warehouse), { code: 'QUERY_SOCKET' })
    assert.equal((await ask('SELECT 1')).rows.length, 1)
  })

  test('anything but a question is refused', async () => {
    const answers = await Promise.all([
      post(socket, '/', ''),
      post(socket, '/query', '{"sql":"SELECT 1","x":1}'),
      post(socket, '/query', 'nonsense'),
    ])
    assert.match(answers[0], /POST \/query/)
    assert.match(answers[1], /Unrecognized key/)
    assert.match(answers[2], /not valid JSON/)
  })
})

async function post(socketPath: string, path: string, body: string): Promise<string> {
  const req = request({ socketPath, path, method: 'POST' }).end(body)
  const [response] = (await once(req, 'response')) as [IncomingMessage]
  return text(response)
}

test('where no sink runs, the error says so', async () => {
  await assert.rejects(queryWarehouse('/tmp/order-up-nobody.sock', 'SELECT 1'), { code: 'NO_SINK' })
})

// verify once read slice after slice on a busy machine, and the sink had closed the connection in between
test('a connection that is good for one answer only is no error', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-query-'))
  const socket = join(dir, 'sink.sock')
  const served = new WeakSet<Socket>()
  const server = createServer(({ socket: connection }, res) => {
    if (served.has(connection)) return connection.destroy()
    served.add(connection)
    res.end(JSON.stringify({ columns: [], rows: [], truncated: false }))
  })
  await once(server.listen(socket), 'listening')
  try {
    for (let i = 0; i < 2; i++)
      assert.deepEqual((await queryWarehouse(socket, 'SELECT 1')).rows, [])
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(dir, { recursive: true })
  }
})
