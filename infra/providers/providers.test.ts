import { runtime } from '@pulumi/pulumi'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ProviderName } from './by-module.ts'
import { serialised, startPlugin, type Plugin } from './dynamic-server.fixture.ts'
import { startLambdaApi, type LambdaApi } from './lambda-api.fixture.ts'

/**
 * Each dynamic provider in Pulumi's own plugin process, as it is loaded from a stack's state, against an HTTP stand-in of
 * Lambda. What the control function itself does is not seen here: local/e2e/src/shares-provider.test.ts is for that.
 */

const UNKNOWN = runtime.unknownValue
const AT = { functionName: 'order-up-control', region: 'eu-west-1' }

let script: (event: { action: string }, index: number) => unknown = () => ({})
const events: unknown[] = []
let api: LambdaApi
let plugin: Plugin

before(async () => {
  api = await startLambdaApi((event) => {
    events.push(event)
    return { body: script(event as { action: string }, events.length - 1) }
  })
  plugin = await startPlugin(api.env)
})
after(async () => {
  await plugin.close()
  await api.close()
})

/** A provider in the plugin, and a control function that answers so. */
async function scene(name: ProviderName, answer: typeof script = () => ({})) {
  script = answer
  events.length = 0
  return plugin.provider(name)
}

for (const name of ['subject', 'service-key', 'shares'] as const)
  test(`${name}: its text in the state holds the name of a module, and no path or code of it`, async () => {
    const text = await serialised(name)

    assert.match(text, /@order-up\/infra\/providers\//)
    assert.ok(!text.includes(resolve(import.meta.dirname, '../..')))
    assert.ok(!/client-lambda|require\(/.test(text))
  })

describe('Subject', () => {
  const INPUTS = { ...AT, subject: 's-value', schemas: ['"int"'], compatibility: 'FULL_TRANSITIVE' }
  const name = 'subject'

  test('creating and updating registers; the ids are outputs', async () => {
    const provider = await scene(name, () => ({ ids: [4] }))

    const created = await provider.create(INPUTS)
    const updated = await provider.update(created.outs, { ...INPUTS, schemas: ['"int"', '"long"'] })

    assert.deepEqual(created, { id: 's-value', outs: { ...INPUTS, ids: [4] } })
    assert.deepEqual(updated['ids'], [4])
    const { subject, compatibility } = INPUTS
    assert.deepEqual(events, [
      { action: 'subject', subject, schemas: ['"int"'], compatibility },
      { action: 'subject', subject, schemas: ['"int"', '"long"'], compatibility },
    ])
  })

  test("an incompatible schema fails the update in the registry's own words", async () => {
    const message =
      'Subject s-value refuses the schema: READER_FIELD_MISSING_DEFAULT_VALUE, /fields/3'
    const answer = () => ({ error: { code: 'SCHEMA_INCOMPATIBLE', message } })
    const provider = await scene(name, answer)

    await assert.rejects(provider.update({ ...INPUTS, ids: [4] }, INPUTS), { message })
  })

  test('what changes it, and what replaces it; nothing is asked for that', async () => {
    const provider = await scene(name, () => ({}))
    const state = { ...INPUTS, ids: [4] }

    assert.deepEqual(await provider.diff(state, INPUTS), { changes: false, replaces: [] })
    assert.deepEqual(await provider.diff(state, { ...INPUTS, schemas: ['"int"', '"long"'] }), {
      changes: true,
      replaces: [],
    })
    assert.deepEqual(await provider.diff(state, { ...INPUTS, functionName: UNKNOWN }), {
      changes: true,
      replaces: [],
    })
    assert.deepEqual(await provider.diff(state, { ...INPUTS, subject: 'other-value' }), {
      changes: true,
      replaces: ['subject'],
    })
    assert.deepEqual(await provider.check({ ...INPUTS, functionName: UNKNOWN }), {
      ...INPUTS,
      functionName: UNKNOWN,
    })
    assert.deepEqual(await provider.read(state), state)
    assert.deepEqual(events, [])
  })
})

describe('ServiceKey', () => {
  const INPUTS = {
    ...AT,
    secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key',
    generation: 1,
  }
  const name = 'service-key'

  test('it holds the public key, and a new one for a new generation', async () => {
    const provider = await scene(name, (event) => ({
      publicKey: `MIIB${(event as { generation?: number }).generation}`,
    }))
    const second = { ...INPUTS, generation: 3 }

    const created = await provider.create(INPUTS)
    const diff = await provider.diff(created.outs, second)
    const updated = await provider.update(created.outs, second)

    assert.deepEqual(created.outs, { ...INPUTS, publicKey: 'MIIB1' })
    assert.deepEqual(diff, { changes: true, replaces: [] })
    assert.deepEqual(updated, { ...second, publicKey: 'MIIB3' })
    assert.deepEqual(await provider.diff(updated, second), { changes: false, replaces: [] })
    assert.deepEqual(events, [
      { action: 'key', secretArn: INPUTS.secretArn, generation: 1 },
      { action: 'key', secretArn: INPUTS.secretArn, generation: 3 },
    ])
  })
})

describe('Shares', () => {
  const NODE = { 'node-1': [[0, 99]] }
  const FLINK = { 'flink-1': [[0, 99]] }
  const INPUTS = {
    ...AT,
    target: NODE,
    running: ['node-1'],
    proofs: [
      {
        deployment: 'node-1',
        kind: 'ecs',
        service: 'node-1',
        taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/node-1:1',
      },
    ],
    sides: [{ deployment: 'node-1', artifact: 'sha256:1' }],
    force: '',
    dead: [],
    lagBound: 250,
    timeoutS: 60,
  }
  const STATE = { ...INPUTS, epoch: 1 }
  const RECORD = { epoch: 1, shares: NODE, swap: null, previous: null }
  const MID_SWAP = {
    epoch: 2,
    shares: { 'node-1': [[0, 99]], 'flink-1': [[0, 99]] },
    swap: { step: 'overlap', from: NODE, target: FLINK, startedAt: 1 },
    previous: null,
  }
  const name = 'shares'

  test('creating asks for one step after another, until it is done, and shows each', async () => {
    const answers = [
      { state: 'stepped', epoch: 1, lines: ['the first epoch'] },
      { state: 'done', epoch: 1, lines: [] },
    ]
    const provider = await scene(name, (_, index) => answers[index])

    const created = await provider.create(INPUTS)

    assert.deepEqual(created, { id: 'shares', outs: STATE })
    const { target, running, proofs, sides, lagBound } = INPUTS
    const event = { action: 'swap', target, running, proofs, sides, lagBound }
    assert.deepEqual(events, [event, event])
    assert.deepEqual(await plugin.printed(1), ['shares: epoch 1: the first epoch'])
  })

  test('without a verdict it fails and says what overrides that; with a reason it goes on', async () => {
    const provider = await scene(name, (event) =>
      'forced' in event
        ? { state: 'done', epoch: 5, lines: [] }
        : { state: 'refused', epoch: 1, lines: ['there is no verdict'] },
    )
    const flip = { ...INPUTS, target: FLINK, running: ['flink-1'] }

    await assert.rejects(
      provider.update(STATE, flip),
      /stay as they are:\n {2}- there is no verdict\n.*\n.*pulumi config set order-up:force/,
    )
    const updated = await provider.update(STATE, { ...flip, force: 'the comparer is down' })

    assert.equal(updated['epoch'], 5)
    assert.equal((events.at(-1) as { forced: string }).forced, 'the comparer is down')
    assert.match((await plugin.printed(1)).join(), /`pulumi config rm order-up:force`/)
  })

  test('a failover: whoever is declared dead is named with each step, and it needs no verdict', async () => {
    const provider = await scene(name, ({ action }) =>
      action === 'shares' ? { record: RECORD } : { state: 'done', epoch: 3, lines: [] },
    )
    const failover = { ...INPUTS, target: FLINK, running: ['flink-1'], dead: ['node-1'] }

    await provider.update(STATE, failover)
    await provider.update(STATE, { ...failover, force: 'zone b burns' })

    const { proofs, sides, lagBound } = INPUTS
    const event = { action: 'swap', target: FLINK, running: ['flink-1'], proofs, sides, lagBound }
    assert.deepEqual(events, [
      { ...event, dead: ['node-1'], forced: 'failover: node-1 is dead' },
      { ...event, dead: ['node-1'], forced: 'zone b burns' },
    ])
    const dead =
      'shares: node-1 counts as dead while order-up:dead is set: `pulumi config rm order-up:dead`'
    const force =
      'shares: a cutover needs no verdict while order-up:force is set: `pulumi config rm order-up:force`'
    assert.deepEqual(await plugin.printed(3), [dead, force, dead])

    const { changes } = await provider.diff({ ...STATE, dead: ['node-1'] }, INPUTS)
    assert.equal(changes, true, 'to take the declaration back is an update')
  })

  test('the inputs are the same, but the topic stands in the midst of a swap: a change', async () => {
    // The story: a flip to Flink is killed half-way, so the state holds the inputs from before it. The config is set
    // back. A provider that compares inputs would call that no change, and Flink's engine would be deleted with buckets.
    let record: unknown = RECORD
    const provider = await scene(name, () => ({ record }))

    const steady = await provider.diff(STATE, INPUTS)
    record = MID_SWAP
    const midSwap = await provider.diff(STATE, INPUTS)

    assert.deepEqual(steady, { changes: false, replaces: [] })
    assert.deepEqual(midSwap, { changes: true, replaces: [] })
    assert.deepEqual(await plugin.printed(2), [
      'shares: epoch 2 is in a swap (overlap) from node-1 0–99 to flink-1 0–99; wanted is node-1 0–99',
      'shares: take back: epoch 3: node-1 100 % again; nobody has given up a bucket yet',
    ])
    assert.deepEqual(events, [{ action: 'shares' }, { action: 'shares' }])
  })

  const OFF: readonly [string, unknown, RegExp, ...steps: string[]][] = [
    ['an empty topic', null, /no epoch was ever written; wanted is node-1 0–99/, 'begin'],
    [
      'another table',
      { ...RECORD, epoch: 7, shares: { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] } },
      /epoch 7 gives node-1 10–99, flink-1 0–9; wanted is node-1 0–99/,
      'overlap',
      'gate',
      'release',
      'settle',
    ],
    [
      'a way back that no longer runs',
      { ...RECORD, epoch: 9, previous: 'flink-1' },
      /epoch 9 still names flink-1 as the way back/,
    ],
  ]
  for (const [what, record, said, ...steps] of OFF)
    test(`a topic that is not at its target is a change: ${what}`, async () => {
      const provider = await scene(name, () => ({ record }))

      assert.equal((await provider.diff(STATE, INPUTS)).changes, true)

      const [first, ...others] = await plugin.printed(1 + steps.length)
      assert.match(first!, said)
      assert.deepEqual(
        others.map((line) => line.split(': ')[1]),
        steps,
      )
    })

  test('a topic that can not be asked about is a change, and said', async () => {
    const provider = await scene(name, () => ({
      error: { code: 'X', message: 'the topic orders.engine.shares is missing' },
    }))

    assert.equal((await provider.diff(STATE, INPUTS)).changes, true)
    assert.deepEqual(await provider.read(STATE), STATE)

    const line =
      'shares: what stands in the topic is not known. the topic orders.engine.shares is missing'
    assert.deepEqual(await plugin.printed(2), [line, line])
  })

  test('unknown inputs at preview: a change; a function that is yet to be made is not asked', async () => {
    const provider = await scene(name, () => ({ record: RECORD }))
    const [proof] = INPUTS.proofs
    const unproven = { ...INPUTS, proofs: [{ ...proof, taskDefinition: UNKNOWN }] }

    assert.equal((await provider.diff(STATE, { ...INPUTS, functionName: UNKNOWN })).changes, true)
    assert.deepEqual(events, [])
    assert.equal((await provider.diff(STATE, unproven)).changes, true)
    assert.equal((await provider.diff(STATE, { ...INPUTS, proofs: UNKNOWN })).changes, true)
    assert.deepEqual(await provider.check(unproven), unproven)
  })

  test('a refresh reads the newest epoch', async () => {
    const provider = await scene(name, () => ({ record: MID_SWAP }))

    assert.deepEqual(await provider.read(STATE), { ...STATE, epoch: 2 })
  })
})

test(
  'a plugin whose Pulumi is killed in the midst of a swap asks for no other step',
  { timeout: 20_000 },
  async (t) => {
    // The story: `pulumi up` was killed while it carried a flip to Flink. Its plugin lived on and took the next steps, while
    // another `pulumi up` carried the way back.
    const orphan = await startPlugin(api.env)
    t.after(() => orphan.close())
    script = (_, index) => {
      if (index === 1) void orphan.killEngine()
      return { state: index === 0 ? 'stepped' : 'waiting', epoch: 2, lines: ['flink-1'] }
    }
    events.length = 0

    const shares = await orphan.provider('shares')
    const update = shares.update(
      {},
      { ...AT, target: {}, running: [], force: '', dead: [], timeoutS: 60 },
    )

    await assert.rejects(update)
    await orphan.ended
    assert.equal(events.length, 2)
  },
)

test("the stack's aws:profile is followed, as the provider of AWS follows it", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'order-up-profile-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'credentials')
  writeFileSync(
    file,
    '[of-the-stack]\naws_access_key_id = AKIDOFTHESTACK\naws_secret_access_key = s\n',
  )
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...env } = api.env
  const other = await startPlugin(
    { ...env, AWS_SHARED_CREDENTIALS_FILE: file },
    { 'aws:profile': 'of-the-stack' },
  )
  t.after(() => other.close())
  script = () => ({ ids: [1] })

  const subject = await other.provider('subject')
  await subject.create({ ...AT, subject: 's', schemas: ['"int"'] })

  assert.equal(api.calls.at(-1)?.accessKeyId, 'AKIDOFTHESTACK')
})
