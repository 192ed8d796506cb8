import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asCarrier } from '@order-up/control/operations'
import type { OrderUpError } from '@order-up/kit'
import { brokerOnly } from './control-scene.ts'

// Not shown: a carrier that has slept and wakes up to find another; brokers that restart meanwhile.

test('one at a time carries a swap, whoever comes second is told who does, and nobody has to wait for the living', async (t) => {
  const { kafka, stack } = await brokerOnly(t)
  const said: string[] = []
  const lease = (what: string, signal = new AbortController().signal) => ({
    what,
    signal,
    say: (line: string) => void said.push(line),
  })

  await t.test('of two at the same moment one goes on', async () => {
    const { promise: end, resolve } = Promise.withResolvers<void>()
    const tries = ['a', 'b'].map((what) =>
      asCarrier(kafka, lease(what), async () => {
        await end
        return what
      }),
    )
    const first = await Promise.race(
      tries.map((one) =>
        one.then(
          () => assert.fail('ended before it was told to'),
          (error: OrderUpError) => error,
        ),
      ),
    )
    resolve()
    const outcomes = await Promise.allSettled(tries)
    const winner = outcomes.flatMap((o) => (o.status === 'fulfilled' ? o.value : []))
    assert.equal(winner.length, 1)
    assert.equal(first.code, 'SWAP_CARRIED')
    assert.match(first.message, new RegExp(`^\`${winner[0]}\` is .* process ${process.pid} on `))
  })

  await t.test('one that has ended is out at once, also by its signal', async () => {
    const began = performance.now()
    const stop = new AbortController()
    const stopped = asCarrier(kafka, lease('c', stop.signal), (signal) => {
      stop.abort(new Error('Ctrl-C'))
      return Promise.reject(signal.reason as Error)
    })
    await assert.rejects(stopped, { message: 'Ctrl-C' })
    await assert.rejects(
      asCarrier(kafka, lease('d'), () => Promise.reject(new Error('d fails'))),
      { message: 'd fails' },
    )
    assert.equal(await asCarrier(kafka, lease('e'), () => Promise.resolve('e')), 'e')
    assert.ok(performance.now() - began < 5_000, 'nobody has waited for a session to time out')
  })

  await t.test('one that was killed is waited for', async () => {
    const path = fileURLToPath(import.meta.resolve('./carrier.fixture.ts'))
    const child = spawn(process.execPath, [path, JSON.stringify(stack.kafkaConfig)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    await assert.rejects(
      asCarrier(kafka, lease('f'), () => Promise.resolve()),
      { code: 'SWAP_CARRIED', message: new RegExp(`process ${child.pid} on `) },
    )
    child.kill('SIGKILL')
    await ended
    said.length = 0

    const waits = new AbortController()
    const given = asCarrier(kafka, lease('g', waits.signal), () => Promise.resolve())
    waits.abort(new Error('Ctrl-C'))
    await assert.rejects(given, { message: 'Ctrl-C' })
    assert.equal(await asCarrier(kafka, lease('h'), () => Promise.resolve('h')), 'h')

    assert.match(said.join(), /^somebody carries a swap, or was killed/)
  })
})
