import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { planDeployments, type DeploymentId } from './deployments.ts'
import { gaining, isSteady, ownersOf, sameShares, unionOf, type ShareTable } from './share-table.ts'
import { deploymentsIn, type ControlRecord, type Swap } from './swap-record.ts'
import type { Observation } from './observation.ts'
import { World } from './swap-world.fixture.ts'
import { asksForVerdict, nextStep, type Step, type SwapRequest } from './swap.ts'

const ids: readonly DeploymentId[] = ['node-1', 'node-2', 'flink-1']

function wish(owner: DeploymentId, second?: DeploymentId, percent = 0): SwapRequest {
  const split = second && percent > 0 ? { [second]: percent } : {}
  const { target, running } = planDeployments({ engine: owner, shadow: second ?? 'none', split })
  return {
    target,
    running,
    lagBound: 3,
    forced: undefined,
    dead: [],
    verdictProblems: [],
    unproven: [],
  }
}

/** Every way that a config can be: who owns, who else runs, with what share. */
const wishes = fc
  .record({
    owner: fc.constantFrom(...ids),
    second: fc.constantFrom(undefined, ...ids),
    percent: fc.constantFrom(0, 10, 50, 90),
  })
  .map(({ owner, second, percent }) => wish(owner, second === owner ? undefined : second, percent))

/** A world with whoever carries its swaps. */
interface Scene {
  world: World
  request: SwapRequest
  /** what a carrier saw and is about to do: it may be killed first, or come late, after another has acted */
  planned: ReturnType<World['plan']>
}

interface Move {
  /** shown with a counterexample */
  name: string
  run(scene: Scene): void
}

const move = <T extends unknown[]>(
  name: string,
  args: { [K in keyof T]: fc.Arbitrary<T[K]> },
  run: (scene: Scene, ...values: T) => void,
) =>
  fc.tuple<T>(...args).map((values): Move => ({
    name: `${name} ${JSON.stringify(values)}`,
    run: (scene) => run(scene, ...values),
  }))

const id = fc.constantFrom(...ids)
const [nth, partition, bucket] = [fc.nat(2), fc.nat(1), fc.nat(99)]

const moves = (wishes: fc.Arbitrary<SwapRequest>) =>
  fc.array(
    fc.oneof(
      move('append', [partition, bucket], ({ world }, p, b) => world.append(p, b)),
      move('work', [id, partition, fc.nat(4)], ({ world }, i, p, n) => world.work(i, p, n)),
      move('commit', [id, partition], ({ world }, i, p) => world.commit(i, p)),
      move('start', [id], ({ world }, i) => world.start(i)),
      move('join', [id, nth], ({ world }, i, n) => world.join(i, n)),
      move('follow', [id, nth], ({ world }, i, n) => world.follow(i, n)),
      move('report', [id, nth], ({ world }, i, n) => world.report(i, n)),
      move('die', [id, nth], ({ world }, i, n) => world.die(i, n)),
      move('progress', [], ({ world }) => world.progress()),
      move('plan', [], (scene) => {
        scene.planned = scene.world.plan(scene.request)
      }),
      move('act', [], ({ world, planned }) => void world.carryOut(planned)),
      move('carry', [], ({ world, request }) => void world.carryOut(world.plan(request))),
      move('carry', [], ({ world, request }) => void world.carryOut(world.plan(request))),
      move('wish', [wishes], (scene, request) => {
        scene.request = request
      }),
    ),
    { maxLength: 200, size: 'max' },
  )

const sceneOf = (request: SwapRequest): Scene => {
  const world = new World()
  return { world, request, planned: world.plan(request) }
}

/** Plays the moves; after each, what holds at every moment holds. */
function play(scene: Scene, list: readonly Move[], check: (scene: Scene) => void = () => {}) {
  for (const { run } of list) {
    const before = scene.world.history.length
    run(scene)
    if (scene.world.history.length === before) continue
    assertLawful(scene.world.history)
    check(scene)
  }
}

function assertLawful(history: readonly ControlRecord[]) {
  const next = history.at(-1)!
  const last = history.at(-2)
  assert.ok(
    ownersOf(next.shares).every((owners) => owners.length > 0),
    'every bucket has an owner',
  )
  assert.ok(next.swap !== null || isSteady(next.shares), 'at rest every bucket has one owner')
  if (!last) return assert.equal(next.epoch, 1)
  const moved = !sameShares(last.shares, next.shares)
  assert.equal(next.epoch - last.epoch, moved ? 1 : 0, 'a new epoch where the shares change')
  if (last.swap && next.swap) {
    const tables = ({ from, target }: { from: object; target: object }) => [from, target]
    assert.deepEqual(tables(next.swap), tables(last.swap), 'no second swap within one')
  }
}

/** Nobody gives a bucket up before both have committed past the sample. */
function assertGated({ world }: Scene) {
  const [last, next] = world.history.slice(-2)
  if (last?.swap?.step !== 'gate' || next?.swap?.step !== 'release') return
  const { from, target, sampled } = last.swap
  const { deployments } = world.observe()
  for (const id of [...gaining(from, target), ...gaining(target, from)])
    for (const [partition, offset] of sampled.entries())
      assert.ok((deployments[id]?.committed[partition] ?? 0) >= offset, `${id} is past the sample`)
}

/** Everybody who is needed runs and gets on, and somebody carries the swap. @returns the steps it took */
function finish({ world, request }: Scene, dead: readonly DeploymentId[] = []): number {
  for (let steps = 1; steps < 50; steps++) {
    const needed = world.newest ? deploymentsIn(world.newest) : []
    for (const id of new Set([...needed, ...request.running])) {
      if (!dead.includes(id) && !world.isRunning(id)) world.start(id)
    }
    world.progress()
    const planned = world.plan(request)
    assert.notEqual(planned.step.do, 'refuse')
    if (planned.step.do === 'done') return steps
    world.carryOut(planned)
    assertLawful(world.history)
  }
  throw new Error(`not done: ${JSON.stringify([world.newest, world.plan(request).step])}`)
}

function assertArrived({ world, request }: Scene) {
  const newest = world.newest!
  assert.ok(sameShares(newest.shares, request.target))
  assert.deepEqual(
    deploymentsIn(newest).filter((id) => !request.running.includes(id)),
    [],
    'whoever is still in a table goes on running',
  )
  world.progress()
  assert.deepEqual(world.missing(), [], 'curated holds a row for every record of raw')
}

test('whatever happens and however often the wish changes, the swap ends and curated lacks nothing', () => {
  fc.assert(
    fc.property(wishes, moves(wishes), (request, list) => {
      const scene = sceneOf(request)
      play(scene, list, assertGated)
      finish(scene)
      assertArrived(scene)
    }),
    { numRuns: 700 },
  )
})

test('by force a deployment that is gone for good is left behind, and curated lacks nothing all the same', () => {
  const forced = wishes.map((request) => ({ ...request, forced: 'it burnt down' }))
  fc.assert(
    fc.property(id, forced, moves(forced), (gone, request, list) => {
      const scene = sceneOf(request)
      play(scene, list)
      const alive = ids.filter((other) => other !== gone)
      for (let n = 0; n < 3; n++) scene.world.die(gone, 0)
      // it may owe an epoch that only it could bring about: the way on is a wish that leaves it out
      scene.request = { ...wish(alive[0]!), forced: 'it burnt down' }
      finish(scene, [gone])
      assertArrived(scene)
    }),
    { numRuns: 400 },
  )
})

/** Of those that go on: what is asked for once one is dead, by whoever has noticed. */
const failover = (dead: DeploymentId, request: SwapRequest): SwapRequest => ({
  ...request,
  forced: `failover: ${dead} is dead`,
  dead: [dead],
})
const withoutIt = (dead: DeploymentId) => {
  const [first, second] = ids.filter((other) => other !== dead) as [DeploymentId, DeploymentId]
  return fc
    .constantFrom(wish(first), wish(first, second), wish(second, first, 30), wish(second))
    .map((request) => failover(dead, request))
}
/** One of them dies; what it does before, what is asked for then, and what happens after. */
const deaths = id.chain((dead) =>
  fc.record({
    dead: fc.constant(dead),
    before: moves(wishes),
    request: withoutIt(dead),
    after: moves(withoutIt(dead)),
  }),
)

test('of an engine that died at any moment, nothing is lost, and nothing holds back the readers of curated', () => {
  fc.assert(
    fc.property(wishes, deaths, (first, { dead, before, request, after }) => {
      const scene = sceneOf(first)
      play(scene, before)
      for (let n = 0; n < 3; n++) scene.world.die(dead, 0)
      scene.world.buried = dead
      scene.request = request
      play(scene, after)
      finish(scene, [dead])
      assertArrived(scene)
    }),
    { numRuns: 400 },
  )
})

test('nor is anything lost where it was declared dead, and lives', () => {
  fc.assert(
    fc.property(wishes, deaths, (first, { dead, before, request, after }) => {
      const scene = sceneOf(first)
      play(scene, before)
      scene.request = request
      play(scene, after)
      finish(scene, [dead])
      assertArrived(scene)
    }),
    { numRuns: 250 },
  )
})

test('the wish changed back, or to a third engine, after any number of steps: it arrives there', () => {
  for (const back of [wish('node-1', 'node-2'), wish('flink-1', 'node-1'), wish('node-1')])
    for (let after = 0; after <= 8; after++) {
      const scene = sceneOf(wish('node-1', 'node-2'))
      finish(scene)
      scene.request = wish('node-2', 'node-1')
      for (let step = 0; step < after; step++) {
        for (const p of [0, 1]) for (const b of [3, 60]) scene.world.append(p, b)
        scene.world.progress()
        scene.world.carryOut(scene.world.plan(scene.request))
      }

      scene.request = back
      finish(scene)

      assertArrived(scene)
    }
})

test('an instance that joins unseen, with an old epoch, leaves nothing in its shadow topic', () => {
  const request = wish('node-2', 'node-1')
  const world = new World()
  const carry = () => void world.carryOut(world.plan(request))
  const step = () => world.newest?.swap?.step
  const late = (records: number) => {
    for (let n = 0; n < records; n++) world.append(1, 7)
    world.work('node-2', 1, records)
    world.commit('node-2', 1)
  }
  finish({ world, request: wish('node-1', 'node-2'), planned: world.plan(request) })
  world.start('node-2') // has read epoch 1, and is in no group yet
  carry()
  for (const act of ['follow', 'report'] as const) world[act]('node-2', 0)
  carry()
  assert.equal(step(), 'gate')

  world.join('node-2', 1)
  late(3)
  world.work('node-1', 1, 3)
  world.commit('node-1', 1)
  carry()
  assert.equal(step(), 'release')
  for (const id of ['node-1', 'node-2'] as const)
    for (const act of ['follow', 'report'] as const) world[act](id, 0)
  carry()
  late(2)
  assert.equal(world.missing().length, 2, 'the old owner has let go, the new one is not all there')
  world.append(1, 7)
  world.work('node-2', 1, 1)
  for (const act of ['follow', 'report'] as const) world[act]('node-2', 1)
  carry()
  assert.equal(step(), 'settle')
  carry() // what was worked on before the report is not committed yet
  world.commit('node-2', 1)
  finish({ world, request, planned: world.plan(request) })

  assert.deepEqual(world.missing(), [])
})

const seen = (current: ControlRecord | undefined, state: Partial<Observation> = {}) => ({
  current,
  ends: [10, 10],
  deployments: {},
  now: 1_000,
  ...state,
})
const record = (extra: Partial<ControlRecord> = {}): ControlRecord => ({
  epoch: 4,
  shares: { 'node-1': [[0, 99]] },
  swap: null,
  previous: null,
  ...extra,
})
const at = (offset: number, epoch?: number) => ({
  instances: epoch === undefined ? [] : [{ instance: 'a', epoch }],
  committed: [offset, offset],
})

test('the steps of a swap, one by one', () => {
  const request = wish('node-2', 'node-1')
  const world = new World()
  const steps: string[] = []
  finish({ world, request: wish('node-1', 'node-2'), planned: world.plan(request) })
  for (let n = 0; n < 6; n++) {
    world.append(0, 5)
    world.progress()
    const planned = world.plan(request)
    const { step } = planned
    steps.push('record' in step ? `${step.do} ${step.record.epoch}` : step.do)
    steps.push(world.newest?.swap?.step ?? 'at rest')
    world.carryOut(planned)
  }
  // prettier-ignore
  assert.deepEqual(steps, [
    'write 2',
    'at rest',
    'write 2',
    'overlap',
    'write 3',
    'gate',
    'write 3',
    'release',
    'settle 3',
    'settle',
    'done',
    'at rest',
  ])
  assert.equal(world.newest?.previous, 'node-1')
})

test('the steps of a failover: what the dead have committed is where the fill begins, and they are fenced at every step', () => {
  const request = failover('node-1', wish('node-2'))
  const from: ShareTable = { 'node-1': [[0, 99]] }
  const started = { from, target: request.target, startedAt: 1_000, forced: request.forced }
  const swap = { ...started, dead: ['node-1'] }
  // it seems to live, and commits nothing any more; the other is far behind
  const deployments = { 'node-1': at(4, 4), 'node-2': at(2, 4) }
  const look = (current: ControlRecord, other = at(2, 4)) =>
    nextStep(seen(current, { deployments: { ...deployments, 'node-2': other } }), request)
  const writes = (step: Step) => (step.do === 'write' ? [step.fence, step.record] : step)

  const both = { ...record(), epoch: 5, shares: unionOf(from, request.target) }
  const overlap = { ...both, swap: { ...swap, step: 'overlap' as const } }
  assert.deepEqual(writes(look(record())), [['node-1'], overlap])

  // by whoever did not know of the death when it began
  const gate = { ...both, swap: { ...started, step: 'gate' as const, sampled: [10, 10] } }
  const release = {
    ...both,
    epoch: 6,
    shares: request.target,
    swap: { ...swap, step: 'release' as const, sampled: [4, 4] },
  }
  assert.deepEqual(writes(look(gate)), [['node-1'], release])

  const settle = { ...release, swap: { ...release.swap, step: 'settle' as const, until: [10, 10] } }
  assert.deepEqual(look(release), {
    do: 'wait',
    for: ['node-2/a to report epoch 6: it is at 4'],
  })
  assert.deepEqual(writes(look(release, at(2, 6))), [['node-1'], settle])
  assert.equal(look(settle, at(9, 6)).do, 'wait')
  assert.deepEqual(look(settle, at(10, 6)), {
    do: 'settle',
    fence: ['node-1'],
    swap: settle.swap,
    // what is dead is no way back
    record: { ...settle, swap: null },
  })
  assert.deepEqual(look({ ...settle, swap: null }), { do: 'done', fence: ['node-1'] })
})

test('whoever carries a failover on need not know who died, and waits for them once they are to run again', () => {
  const swap: Swap = {
    step: 'gate',
    from: { 'node-1': [[0, 99]] },
    target: { 'node-2': [[0, 99]] },
    startedAt: 0,
    forced: 'it burnt down',
    dead: ['node-1'],
    sampled: [10, 10],
  }
  const current = record({ swap })
  const deployments = { 'node-1': at(4, 4), 'node-2': at(10, 4) }

  assert.equal(nextStep(seen(current, { deployments }), wish('node-2')).do, 'write')
  assert.deepEqual(nextStep(seen(current, { deployments }), wish('node-2', 'node-1')), {
    do: 'wait',
    for: [0, 1].map((p) => `node-1 to commit offset 10 of partition ${p}: it is at 4`),
  })
})

test('what is left behind by force is fenced before its buckets are given away, and before the fill', () => {
  const swap = {
    from: { 'flink-1': [[0, 99]] },
    target: { 'node-1': [[0, 99]] },
    startedAt: 0,
    forced: 'it burnt down',
    sampled: [10, 10],
  } satisfies Partial<Swap>
  const request = { ...wish('node-1'), forced: 'it burnt down' }
  const look = (swap: Swap, now: number) =>
    nextStep(
      seen(record({ swap }), {
        now,
        deployments: { 'flink-1': at(4, 4), 'node-1': at(10, 4) },
      }),
      request,
    )
  const [early, late] = [5 * 60_000, 5 * 60_000 + 1]

  assert.equal(look({ ...swap, step: 'gate' }, early).do, 'wait')
  const gate = look({ ...swap, step: 'gate' }, late)
  const fill = look({ ...swap, step: 'settle', until: [10, 10] }, late)
  assert.deepEqual([gate.do, 'fence' in gate && gate.fence], ['write', ['flink-1']])
  assert.deepEqual([fill.do, 'fence' in fill && fill.fence], ['settle', ['flink-1']])
})

test('a cutover without a verdict is refused, and recorded with its reason where it is forced', () => {
  const request = { ...wish('node-2', 'node-1'), verdictProblems: ['there is no verdict'] }
  const ready = seen(record(), { deployments: { 'node-2': at(10, 4) } })

  assert.deepEqual(nextStep(ready, request), { do: 'refuse', why: ['there is no verdict'] })
  assert.equal(asksForVerdict(ready.current, request), true)
  const forced = { ...request, forced: 'a drill' }
  const step = nextStep(ready, forced)
  assert.equal(step.do === 'write' && step.record.swap?.forced, 'a drill')
  assert.equal(asksForVerdict(ready.current, forced), false)
})

test('the way back to the engine before needs no verdict while that runs, nor does a share', () => {
  const current = record({ shares: { 'node-2': [[0, 99]] }, previous: 'node-1' })
  const problems = { verdictProblems: ['there is no verdict'] }
  const ready = seen(current, { deployments: { 'node-1': at(10, 4), 'node-2': at(10, 4) } })

  assert.equal(nextStep(ready, { ...wish('node-1'), ...problems }).do, 'write')
  const share = { ...wish('node-2', 'flink-1', 30), ...problems }
  assert.equal(nextStep({ ...ready, deployments: { 'flink-1': at(10) } }, share).do, 'write')
  // retired: it no longer runs, and what runs under its name next is another
  const retired = nextStep(ready, wish('node-2'))
  assert.deepEqual(retired, {
    do: 'write',
    fence: [],
    record: { ...current, previous: null },
    why: 'node-1 is retired',
  })
})

test('what is awaited is said with its figures', () => {
  const overlap = record({
    epoch: 5,
    swap: {
      step: 'overlap',
      from: { 'node-1': [[0, 99]] },
      target: { 'node-2': [[0, 99]] },
      startedAt: 0,
    },
  })
  const gate = record({ ...overlap, swap: { ...overlap.swap!, step: 'gate', sampled: [8, 9] } })
  const request = wish('node-2', 'node-1')
  const waits = (current: ControlRecord, deployments: Observation['deployments']) => {
    const step = nextStep(seen(current, { deployments }), request)
    return step.do === 'wait' ? step.for : step
  }

  assert.deepEqual(waits(record(), { 'node-2': at(3, 4) }), [
    'node-2 to catch up: 14 records behind, at most 3 allowed',
  ])
  assert.deepEqual(waits(overlap, {}), ['node-2 to report epoch 5: no instance of it is seen'])
  assert.deepEqual(waits(overlap, { 'node-2': at(10, 4) }), [
    'node-2/a to report epoch 5: it is at 4',
  ])
  assert.deepEqual(waits(gate, { 'node-1': at(8), 'node-2': at(9, 5) }), [
    'node-1 to commit offset 9 of partition 1: it is at 8; no instance of it is seen',
  ])
  assert.deepEqual(waits(gate, { 'node-1': at(9, 5), 'node-2': at(8, 5) }), [
    'node-2 to commit offset 9 of partition 1: it is at 8',
    'node-2 to catch up: 4 records behind, at most 3 allowed',
  ])
})

test('nothing is begun, and nothing called done, while the running system is not what was deployed', () => {
  const unproven = ['node-2: 1 of 2 tasks run']
  const request = { ...wish('node-2', 'node-1'), unproven }
  const wait = { do: 'wait', for: unproven }
  const deployments = { 'node-1': at(10, 4), 'node-2': at(10, 4) }

  assert.deepEqual(nextStep(seen(record(), { deployments }), request), wait)
  assert.deepEqual(nextStep(seen(record(), { deployments }), { ...wish('node-1'), unproven }), wait)
  assert.equal(
    nextStep(seen(undefined), request).do,
    'write',
    'an engine waits for the first epoch',
  )
})

test('a target that is not steady, or whose owner is not to run, is refused', () => {
  const why = (request: SwapRequest) => {
    const step = nextStep(seen(record()), request)
    return step.do === 'refuse' ? step.why : step
  }
  const hole = { ...wish('node-1'), target: { 'node-1': [[0, 98]] } as SwapRequest['target'] }

  assert.deepEqual(why(hole), ['the target does not give every bucket exactly one owner'])
  assert.deepEqual(why({ ...wish('node-1', 'node-2', 20), running: ['node-1'] }), [
    'node-2 is to own buckets, but is not among the deployments that are to run',
  ])
  assert.deepEqual(why({ ...wish('node-1', 'node-2', 20), dead: ['node-2'] }), [
    'node-2 is to own buckets, but is declared dead',
    'node-2 is to run, but is declared dead',
  ])
})
