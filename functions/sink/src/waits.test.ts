import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryableError, TerminalError, silentLog } from '@order-up/kit'
import { Waits } from './waits.ts'

const never = new AbortController().signal
const away = new RetryableError('X', 'away', { cause: new Error('refused') })

test('it tries again until it works, and says what it waits for meanwhile', async () => {
  const waits = new Waits(silentLog())
  const seen: unknown[] = []
  const result = await waits.untilItWorks(
    'warehouse',
    () => {
      seen.push(waits.reasons)
      return seen.length < 3 ? Promise.reject(away) : Promise.resolve('done')
    },
    { signal: never },
  )

  assert.equal(result, 'done')
  assert.deepEqual(seen, [{}, { warehouse: 'away (refused)' }, { warehouse: 'away (refused)' }])
  assert.deepEqual(waits.reasons, {})
})

test('after its time it gives up, with the last reason', async () => {
  const waits = new Waits(silentLog())
  const failing = () => Promise.reject(away)

  await assert.rejects(waits.untilItWorks('warehouse', failing, { signal: never, forMs: 300 }), {
    code: 'GAVE_UP',
    message: 'No success for 300 ms: away',
  })
})

test('a terminal error is not tried again', async () => {
  const waits = new Waits(silentLog())
  let attempts = 0
  const terminal = new TerminalError('X', 'no')

  await assert.rejects(
    waits.untilItWorks(
      'warehouse',
      () => {
        attempts++
        return Promise.reject(terminal)
      },
      { signal: never },
    ),
    terminal,
  )

  assert.equal(attempts, 1)
})

test('an abort ends the pause', async () => {
  const waits = new Waits(silentLog())
  const stop = new AbortController()
  const reason = new Error('stopped')
  const waiting = waits.untilItWorks(
    'kafka',
    () => {
      stop.abort(reason)
      return Promise.reject(away)
    },
    { signal: stop.signal },
  )

  await assert.rejects(waiting, reason)
})
