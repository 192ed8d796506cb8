import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import type { ChildSpec, Stack } from '@order-up/stack'
import { keepComparer } from './comparer.ts'
import type { Pair } from './reconcile.ts'

const pair = (artifact: string): Pair => ({
  deployments: ['flink-1', 'node-1'],
  artifacts: ['f1', artifact],
})

/** A stack that notes what it is to do, and whose comparer leaves when it is let go. */
function scene(start: () => Promise<void> = () => Promise.resolve()) {
  const done: string[] = []
  const said: string[] = []
  const specs: ChildSpec[] = []
  let leave = Promise.withResolvers<void>()
  const supervisor = {
    start(spec: ChildSpec) {
      done.push(`start ${spec.env!['ARTIFACTS']}`)
      specs.push(spec)
      return start()
    },
    remove(name: string) {
      done.push(`remove ${name}`)
      leave = Promise.withResolvers<void>()
      return leave.promise
    },
  }
  const stack = { supervisor, kafkaConfig: { KAFKA_BROKERS: 'b:1' } } as unknown as Stack
  const compare = keepComparer(stack, {
    dataDir: '/data',
    onProgress: (line) => said.push(line),
  })
  return {
    done,
    said,
    specs,
    async look(wanted: Pair | undefined) {
      compare(wanted)
      await turn()
    },
    async left() {
      leave.resolve()
      await turn()
    },
  }
}

test('one comparer for a pair, another for another, none without', async () => {
  const { look, left, done, specs } = scene()
  await look(undefined)
  assert.deepEqual(done, [])
  await look(pair('n1'))
  await look(pair('n1'))
  assert.deepEqual(done, ['start f1,n1'])
  assert.deepEqual(specs[0]!.env, {
    KAFKA_BROKERS: 'b:1',
    DEPLOYMENTS: 'flink-1,node-1',
    ARTIFACTS: 'f1,n1',
    VERDICTS_URL: '/data/verdicts',
    REPORT_INTERVAL_MS: '2000',
    HTTP_PORT: '0',
  })

  await look(pair('n2'))
  await look(pair('n2')) // the first one has not left yet: never two
  assert.deepEqual(done.splice(0), ['start f1,n1', 'remove parity'])
  await left()
  await look(pair('n2'))
  assert.deepEqual(done.splice(0), ['start f1,n2'])

  await look(undefined)
  await left()
  await look(undefined)
  assert.deepEqual(done, ['remove parity'])
})

test('a comparer that does not start is said once, and left alone until there is something else', async () => {
  const { look, left, done, said } = scene(() => Promise.reject(new Error('no Kafka')))
  await look(pair('n1'))
  await look(pair('n1'))
  assert.deepEqual(said, ['No comparison: no Kafka'])
  await look(pair('n2'))
  await left()
  await look(pair('n2'))
  assert.deepEqual(done, ['start f1,n1', 'remove parity', 'start f1,n2'])
})

test('a comparer that is let go before it was ready has not failed', async () => {
  const ready = Promise.withResolvers<void>()
  const { look, left, said } = scene(() => ready.promise)
  await look(pair('n1'))
  await look(undefined)
  ready.reject(new Error('parity was stopped before it was ready'))
  await left()
  assert.deepEqual(said, [])
})
