import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '@order-up/kit'
import { loadNative, type NativeAddon } from './native-addon.ts'
import { chooseTransport, makeRoom } from './transport-choice.ts'

const present = () => ({ addon: {} as NativeAddon, version: '1.2.3 (librdkafka 4.5.6)' })
const WHERE = "Cannot find module '@confluentinc/kafka-javascript'\nRequire stack:\n- here"
const missing = () =>
  loadNative(() => {
    throw new Error(WHERE)
  })

test('native that cannot be loaded: what happened, why, and the one command; auto goes on with kafkajs', () => {
  assert.throws(
    () => chooseTransport('native', missing),
    (error) => {
      assert.equal((error as { code?: string }).code, 'NATIVE_MISSING')
      assert.match(
        describe(error),
        /^The native Kafka client can't be loaded: Cannot find module '@confluentinc\/kafka-javascript' .*\n  Next: `npm run native`/s,
      )
      return true
    },
  )
  const { transport, why } = chooseTransport('auto', missing, ['native', 'kafkajs'])
  assert.equal(transport, 'kafkajs')
  assert.match(why, /^TRANSPORT=auto; The native Kafka client can't be loaded/)
})

test('the choice names the library and the setting; auto does not load what it does not take', () => {
  const never = () => assert.fail('loaded')
  const kafkajs = { transport: 'kafkajs', version: '2.2.4' }
  assert.deepEqual(chooseTransport('kafkajs', never), { ...kafkajs, why: 'TRANSPORT=kafkajs' })
  assert.deepEqual(chooseTransport('auto', never, ['kafkajs']), {
    ...kafkajs,
    why: 'TRANSPORT=auto',
  })
  const { native, ...shown } = chooseTransport('native', present)
  assert.ok(native)
  assert.deepEqual(shown, {
    transport: 'native',
    version: '1.2.3 (librdkafka 4.5.6)',
    why: 'TRANSPORT=native',
  })
  assert.equal(
    chooseTransport('auto', present, ['native', 'kafkajs']).why,
    'TRANSPORT=auto, and it is there',
  )
})

test("libuv's pool has room for native producers, unless somebody has said how large it is", (t) => {
  const { UV_THREADPOOL_SIZE } = process.env
  t.after(() => {
    if (UV_THREADPOOL_SIZE === undefined) delete process.env['UV_THREADPOOL_SIZE']
    else process.env['UV_THREADPOOL_SIZE'] = UV_THREADPOOL_SIZE
  })
  const size = () => process.env['UV_THREADPOOL_SIZE']
  delete process.env['UV_THREADPOOL_SIZE']
  makeRoom(chooseTransport('kafkajs'))
  assert.equal(size(), undefined)
  makeRoom(chooseTransport('native', present))
  assert.equal(size(), '128')
  process.env['UV_THREADPOOL_SIZE'] = '7'
  makeRoom(chooseTransport('native', present))
  assert.equal(size(), '7')
})
