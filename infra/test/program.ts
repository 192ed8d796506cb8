import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { parse } from 'yaml'
import { ACCOUNT } from './answers.ts'
import { record, type Recorded } from './mocks.ts'

/** The whole program of a stack, registered under mocks from the stack's own file, with artefacts that are there but empty. */

export const STACKS = ['dev', 'staging', 'prod'] as const
export type Stack = (typeof STACKS)[number]

const ROOT = resolve(import.meta.dirname, '../..')
const PROJECT = 'order-up'
const REGION = 'eu-west-1'

const image = (name: string, digit: string) =>
  `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/order-up/${name}@sha256:${digit.repeat(64)}`

/** What `npm run release` would have written. */
export const RELEASED = {
  bootstrap: {
    artifactBucket: 'order-up-artifacts',
    keyArn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/01234567-89ab-4def-8123-456789abcdef`,
  },
  images: {
    'engine-node': image('engine-node', '1'),
    'engine-kafka-streams': image('engine-kafka-streams', '2'),
    sink: image('sink', '3'),
    parity: image('parity', '4'),
  },
}

export interface ProgramChoice {
  stack: Stack
  /** over the stack's file and what is released, by key without `order-up:`; undefined takes a key away */
  config?: Readonly<Record<string, unknown>>
  /** see record() */
  preview?: boolean
}

/** Every config value of a stack by full key, objects as JSON, as Pulumi hands them over. */
export function configOf({ stack, config = {} }: ProgramChoice): Record<string, string> {
  const changed = Object.entries({ ...RELEASED, ...config }).map(
    ([key, value]) => [`${PROJECT}:${key}`, value] as const,
  )
  return asText({
    ...valuesOf(join(ROOT, `Pulumi.${stack}.yaml`)),
    ...Object.fromEntries(changed),
  })
}

type Values = Readonly<Record<string, unknown>>

const valuesOf = (file: string) => (parse(readFileSync(file, 'utf8')) as { config: Values }).config

const asText = (values: Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )

let runs = 0

/** Registers infra/index.ts, loaded anew. @throws what the program throws */
export async function registerProgram(choice: ProgramChoice): Promise<Recorded> {
  const { stack, preview = false } = choice
  process.env['ORDER_UP_DIST'] ??= emptyArtifacts()
  return await record({ project: PROJECT, stack, config: configOf(choice), preview }, async () => {
    const program = (await import(`../index.ts?run=${++runs}`)) as object
    return { ...program }
  })
}

/** Registers the bootstrap stage of a stack, loaded anew, from its own file. */
export async function registerBootstrap(stack: Stack): Promise<Recorded> {
  const config = valuesOf(join(ROOT, 'infra/bootstrap', `Pulumi.${stack}.yaml`))
  const project = `${PROJECT}-bootstrap`
  return await record({ project, stack, config: asText(config) }, async () => {
    const program = (await import(`../bootstrap/index.ts?run=${++runs}`)) as object
    return { ...program }
  })
}

/** @returns a dist folder with a tiny bundle of each Lambda and a Flink jar, which goes with this process */
export function emptyArtifacts(): string {
  const dist = mkdtempSync(join(tmpdir(), 'order-up-dist-'))
  process.once('exit', () => rmSync(dist, { recursive: true, force: true }))
  for (const file of [
    'producer/index.mjs',
    'sink/index.mjs',
    'control/index.mjs',
    'flink/order-up-flink.jar',
  ]) {
    mkdirSync(join(dist, dirname(file)), { recursive: true })
    writeFileSync(join(dist, file), `// ${file}\n`)
  }
  return dist
}
