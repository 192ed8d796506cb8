import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { TerminalError } from '@order-up/kit'
import { portOwner } from './port-owner.ts'
import { assertFree, freePort } from './ports.ts'

test('a taken port is named with the process that has it and the flag that changes it', async () => {
  for (const host of ['127.0.0.1', '::']) {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      await assert.rejects(assertFree(port, '--kafka-port'), (error: unknown) => {
        assert.ok(error instanceof TerminalError)
        assert.equal(error.code, 'PORT_TAKEN')
        assert.match(error.message, new RegExp(`Port ${port} is taken by process ${process.pid} `))
        assert.match(error.message, /node/)
        assert.match(error.remedy ?? '', /--kafka-port/)
        return true
      })
    } finally {
      server.close()
    }
  }
})

test('a free port is free', async () => {
  await assertFree(await freePort(), '--kafka-port')
})

test("the port that a connection goes out from is nobody's: only who listens owns one", async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(client, 'connect')
  try {
    assert.equal(await portOwner(client.localPort!), undefined)
  } finally {
    client.destroy()
    server.close()
  }
})
