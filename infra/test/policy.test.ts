import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Registration } from './mocks.ts'
import { PLANTS, type Plant } from './plants.ts'
import { startPolicyServer, type PolicyServer } from './policy-server.ts'
import { registerBootstrap, registerProgram, STACKS, type Stack } from './program.ts'

/**
 * The pack judges what the program really registers, in Pulumi's own policy server. Under mocks it sees inputs as the
 * program gave them, without the defaults that a provider would fill in: what a rule asks for has to be said.
 */
const PROGRAMS: Readonly<Record<string, readonly [Stack, Record<string, unknown>]>> = {
  dev: ['dev', { shadow: 'flink' }],
  staging: ['staging', { engine: 'flink', split: { 'kafka-streams': 10 } }],
  prod: ['prod', { shadow: 'flink' }],
  functions: [
    'prod',
    {
      engine: 'kafka-streams',
      sink: 'lambda',
      ingest: { auth: 'jwt', issuer: 'https://login.example.com', audience: ['orders'] },
    },
  ],
  foreign: [
    'prod',
    {
      kafka: {
        kind: 'other',
        brokers: ['kafka:9093'],
        auth: 'scram',
        secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-AbCdEf',
      },
      registry: { kind: 'existing', url: 'https://registry.example.com/apis/ccompat/v7' },
      network: { kind: 'existing', vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] },
    },
  ],
}

describe('the policy pack', () => {
  let server: PolicyServer
  before(async () => (server = await startPolicyServer()))
  after(() => server.stop())

  const judge = async (resources: readonly Registration[]) => [
    ...(await server.checkEach(resources)),
    ...(await server.checkStack(resources)),
  ]

  for (const [name, [stack, config]] of Object.entries(PROGRAMS))
    test(`finds nothing in ${name}`, async () => {
      const { registrations } = await registerProgram({ stack, config })
      assert.deepEqual(await judge(registrations), [])
    })

  for (const stack of STACKS)
    test(`finds nothing in the bootstrap stage of ${stack}`, async () => {
      const { registrations } = await registerBootstrap(stack)
      assert.ok(registrations.some(({ type }) => type === 'aws:ecr/repository:Repository'))
      assert.deepEqual(await judge(registrations), [])
    })

  test('has a plant for each of its rules', async () => {
    const planted = new Set(PLANTS.map(({ rule }) => rule))
    assert.deepEqual((await server.rules()).toSorted(), [...planted].toSorted())
  })

  describe('with a violation planted', () => {
    const programs = new Map<Plant['in'], Promise<readonly Registration[]>>()
    const registrationsOf = (which: Plant['in']) => {
      const known = programs.get(which) ?? registered(which)
      programs.set(which, known)
      return known
    }

    for (const plant of PLANTS)
      test(`says so: ${plant.rule}, ${plant.says}`, async () => {
        const clean = await registrationsOf(plant.in)
        const { urn, judged } = planted(plant, clean)

        const violations = await (plant.gone === undefined
          ? server.checkEach(judged)
          : server.checkStack(judged))

        assert.deepEqual(
          violations.map((violation) => [violation.rule, violation.urn]),
          [[plant.rule, urn]],
        )
        assert.ok(violations[0]!.message.endsWith(plant.says), violations[0]!.message)
      })
  })
})

async function registered(which: Plant['in']): Promise<readonly Registration[]> {
  if (which === 'bootstrap') return (await registerBootstrap('prod')).registrations
  const [stack, config] = PROGRAMS[which]!
  return (await registerProgram({ stack, config })).registrations
}

/** One registration of the type, changed (or new); or all but what belongs to it. */
function planted(
  { type, set = {}, gone, protect }: Plant,
  clean: readonly Registration[],
): { judged: readonly Registration[]; urn: string } {
  const found = clean.find((resource) => resource.type === type)
  if (gone !== undefined) {
    const left = clean.filter((resource) => resource.type !== gone)
    assert.ok(found && left.length < clean.length, `${type} and ${gone} are registered`)
    return { judged: left, urn: found.urn }
  }
  const model = found ?? made(type, clean)
  const inputs = structuredClone(model.inputs) as Record<string, unknown>
  for (const [path, value] of Object.entries(set)) put(inputs, path.split('.'), value)
  return { judged: [{ ...model, inputs, protect: protect ?? model.protect }], urn: model.urn }
}

function made(type: string, clean: readonly Registration[]): Registration {
  const model = clean.find(({ custom }) => custom)!
  const urn = `${model.urn.split('::').slice(0, 2).join('::')}::${type}::planted`
  return {
    ...model,
    type,
    name: 'planted',
    urn,
    inputs: {},
    dependencies: [],
    inputDependencies: {},
  }
}

/** Sets what is there already, or a new field of what is there. */
function put(within: Record<string, unknown>, [key = '', ...path]: string[], value: unknown): void {
  if (path.length === 0) {
    if (value === undefined) {
      assert.ok(key in within, `${key} is set`)
      delete within[key]
    } else within[key] = value
    return
  }
  assert.ok(typeof within[key] === 'object' && within[key] !== null, `${key} is set`)
  put(within[key] as Record<string, unknown>, path, value)
}
