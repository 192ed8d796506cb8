import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineOf, type DeploymentId } from '@order-up/control'
import { DEPLOYMENTS } from '@order-up/schemas'
import type { Registration } from './mocks.ts'
import { registerProgram, STACKS, type Stack } from './program.ts'

/**
 * The promise of the project, seen in what is registered: flip the engine, and only the engine changes. Every setting of
 * engine, shadow and split is compared with every other one of its stack. What a provider makes of a changed input
 * (update or replace) is not seen here.
 */

// Pulumi takes a stack trace of every promise: two thirds of the time of a registration
Error.stackTraceLimit = 0

interface Setting {
  engine: DeploymentId
  shadow?: DeploymentId
  split?: Readonly<Record<string, number>>
}

/** Only what is in one of these may change, appear or go. */
const MAY_CHANGE: ReadonlySet<string> = new Set([
  'orderup:engine:Engine',
  'orderup:engine:Shares',
  'orderup:parity:Parity',
  'orderup:observability:EngineAlarms',
])
/** … and of those, these stay as they are while the deployment runs, whatever its role. */
const OF_ONE_DEPLOYMENT: ReadonlySet<string> = new Set([
  'orderup:engine:Engine',
  'orderup:observability:EngineAlarms',
])

const settingsOf = (engine: DeploymentId, seconds: readonly DeploymentId[]): Setting[] => [
  { engine },
  ...seconds.flatMap((second) => [
    { engine, shadow: second },
    { engine, split: { [second]: 10 } },
  ]),
]
const IDS = DEPLOYMENTS as readonly DeploymentId[]
const others = (engine: DeploymentId) => IDS.filter((other) => other !== engine)
const EVERY = IDS.flatMap((engine) => settingsOf(engine, others(engine)))
/** generation 2 only as the other one of the same kind */
const EVERY_KIND = IDS.filter((id) => id.endsWith('-1')).flatMap((engine) =>
  settingsOf(
    engine,
    others(engine).filter((id) => id.endsWith('-1') || engineOf(id) === engineOf(engine)),
  ),
)
/** Components do not differ between stacks but by their sizes: every pair in one of them, and every kind in each. */
const SETTINGS: Readonly<Record<Stack, readonly Setting[]>> = {
  dev: EVERY,
  staging: EVERY_KIND,
  prod: EVERY_KIND,
}

/** What Pulumi's engine compares from one run to the next, by URN. */
type Seen = ReadonlyMap<
  string,
  { registration: Registration; text: string; component: string | undefined }
>

function seen(registrations: readonly Registration[]): Seen {
  const byUrn = new Map(registrations.map((registration) => [registration.urn, registration]))
  const componentOf = (registration: Registration): string | undefined =>
    MAY_CHANGE.has(registration.type)
      ? registration.type
      : registration.parent && componentOf(byUrn.get(registration.parent)!)
  return new Map(
    registrations
      .filter(({ type }) => type !== 'pulumi:pulumi:Stack')
      .map((registration) => [
        registration.urn,
        {
          registration,
          text: JSON.stringify(registration),
          component: componentOf(registration),
        },
      ]),
  )
}

const isRunning = ({ shadow, split = {}, engine }: Setting) => [
  engine,
  shadow,
  ...Object.keys(split),
]

/**
 * What a change from any of these settings to any other would touch and must not: whatever is in no engine's component
 * has to be the same in all of them, and what belongs to one deployment the same wherever that runs.
 */
function unsafe(all: readonly Seen[]): string[] {
  const urns = new Set(all.flatMap((seen) => [...seen.keys()]))
  return [...urns]
    .filter((urn) => {
      const found = all.flatMap((seen) => seen.get(urn) ?? [])
      const isSame = new Set(found.map(({ text }) => text)).size === 1
      const { component } = found[0]!
      if (component === undefined) return !isSame || found.length < all.length
      return OF_ONE_DEPLOYMENT.has(component) && !isSame
    })
    .map((urn) => urn.split('::').slice(2).join(' '))
}

async function registered(stack: Stack): Promise<readonly { setting: Setting; seen: Seen }[]> {
  const all: { setting: Setting; seen: Seen }[] = []
  for (const setting of SETTINGS[stack]) {
    const { registrations } = await registerProgram({ stack, config: { ...setting } })
    all.push({ setting, seen: seen(registrations) })
  }
  return all
}

// before the first test begins: node:test follows every promise, and there are very many of them
const registrations: Record<Stack, Awaited<ReturnType<typeof registered>>> = {
  dev: await registered('dev'),
  staging: await registered('staging'),
  prod: await registered('prod'),
}

for (const stack of STACKS)
  test(`in ${stack}, no change of engine, shadow or split touches anything else`, () => {
    const all = registrations[stack]

    assert.deepEqual(unsafe(all.map(({ seen }) => seen)), [])

    for (const { setting, seen } of all) {
      const engines = [...seen.values()]
        .filter(({ registration }) => registration.type === 'orderup:engine:Engine')
        .map(({ registration }) => registration.name)
      const running = isRunning(setting).filter((id) => id !== undefined)
      assert.deepEqual(
        engines,
        running.map((id) => `engine-${id}`),
      )
    }
  })

test('an environment that names the role would be seen', async () => {
  const planted = async (setting: Setting, role: string) => {
    const { registrations } = await registerProgram({ stack: 'dev', config: { ...setting } })
    return seen(
      registrations.map((registration) =>
        registration.type === 'aws:ecs/taskDefinition:TaskDefinition' &&
        registration.name === 'engine-node-1'
          ? { ...registration, inputs: { ...registration.inputs, containerDefinitions: role } }
          : registration,
      ),
    )
  }
  const before = await planted({ engine: 'node-1', shadow: 'flink-1' }, 'owner')
  const after = await planted({ engine: 'flink-1', shadow: 'node-1' }, 'shadow')

  assert.deepEqual(unsafe([before, after]), [
    'orderup:compute:FargateWorker$aws:ecs/taskDefinition:TaskDefinition engine-node-1',
  ])
})

test('a topic or a sink that follows the engine would be seen', async () => {
  const of = async (engine: DeploymentId) =>
    (await registerProgram({ stack: 'dev', config: { engine } })).registrations
  const before = await of('node-1')
  const after = await of('flink-1')
  const gone = after.filter(({ name }) => name !== 'orders.orders.curated')
  const changed = after.map((registration) =>
    registration.type === 'orderup:sink:Sink'
      ? { ...registration, inputs: { engine: 'flink-1' } }
      : registration,
  )

  assert.deepEqual(unsafe([seen(before), seen(gone)]), [
    'orderup:kafka:Topics$aws:msk/topic:Topic orders.orders.curated',
  ])
  assert.deepEqual(unsafe([seen(before), seen(changed)]), [
    'pulumi:pulumi:Stack$orderup:sink:Sink sink',
  ])
})
