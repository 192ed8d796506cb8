import { DeploymentName, planDeployments, type DeploymentPlan } from '@order-up/control'
import { RunError } from '@pulumi/pulumi'
import { z } from 'zod'
import { rulesBroken, type Broken } from './config-rules.ts'
import { planSubnets } from './plan/network.ts'
import { sizesOf, type Sizes } from './plan/sizes.ts'

/**
 * The stack's configuration, parsed once. Every key is `order-up:<key>`; Pulumi.yaml lists them, and a test holds the
 * two together.
 */

const text = z.string().min(1)
const arn = z.string().regex(/^arn:aws[a-z-]*:/, 'an ARN')

/** a name that SQL takes without quotes */
const Identifier = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'capitals, digits and _, as ORDER_UP')

/** `<registry>/<repository>@sha256:<digest>`: a tag can be moved, a digest can't */
const Image = z
  .string()
  .regex(
    /^[^@\s]+@sha256:[0-9a-f]{64}$/,
    'an image by digest, as <repository>@sha256:<64 hex digits>',
  )

export const IMAGES = ['engine-node', 'engine-kafka-streams', 'sink', 'parity'] as const
export type ImageName = (typeof IMAGES)[number]

function fits(cidr: string, context: z.RefinementCtx): void {
  try {
    planSubnets(cidr, 3)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : cidr })
  }
}

const Network = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('own'),
    cidr: z.string().superRefine(fits).default('10.20.0.0/16'),
    /** how workers reach Snowflake (and what has no endpoint): one NAT gateway, one in each zone, or PrivateLink only */
    egress: z.enum(['nat', 'nat-per-zone', 'privatelink']).default('nat'),
    /** of the account's Snowflake, from SYSTEM$GET_PRIVATELINK_CONFIG(); with egress: privatelink */
    snowflakeEndpointService: text.optional(),
  }),
  z.strictObject({
    kind: z.literal('existing'),
    vpcId: z.string().regex(/^vpc-[0-9a-f]+$/, 'vpc-…'),
    /** private, in at least two zones, with a way out to Snowflake and AWS */
    subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'subnet-…')).min(2),
  }),
])

const Broker = z.string().regex(/^[^:\s]+:\d{1,5}$/, 'host:port')

const Kafka = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('msk') }),
  z.strictObject({
    kind: z.literal('existing-msk'),
    clusterArn: arn,
    /** of its IAM listener */
    brokers: z.array(Broker).min(1),
    /** gets a rule that lets the workers in */
    securityGroupId: z.string().regex(/^sg-[0-9a-f]+$/, 'sg-…'),
  }),
  z.strictObject({
    kind: z.literal('other'),
    brokers: z.array(Broker).min(1),
    /** tls: the client needs no more than to trust the broker; scram: SCRAM-SHA-512 over TLS */
    auth: z.enum(['tls', 'scram']),
    /** in Secrets Manager, as {"username": …, "password": …}; with auth: scram */
    secretArn: arn.optional(),
    replicationFactor: z.int().min(1).max(7).default(3),
  }),
])

const Registry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('apicurio'),
    /** a name of yours and its certificate (ACM): the registry is then served over TLS; prod asks for it */
    hostname: text.optional(),
    certificateArn: arn.optional(),
    /** a copy of Apicurio's image in a repository of yours; needed with egress: privatelink, which reaches no public one */
    image: Image.optional(),
  }),
  /** a Confluent-compatible one, as https://…/apis/ccompat/v7 */
  z.strictObject({ kind: z.literal('existing'), url: z.url() }),
])

const Warehouse = z.strictObject({
  /** <organization>-<account> */
  account: z.string().regex(/^[A-Za-z0-9_]+-[A-Za-z0-9_-]+$/, '<organization>-<account>'),
  database: Identifier.default('ORDER_UP'),
  schema: Identifier.default('ORDERS'),
  /** base URL of a private link; default: the account's public one */
  url: z.url().optional(),
  /** counts the service user's key pairs: raise it by one to rotate. The key before stays valid until the next raise. */
  keyGeneration: z.int().min(1).default(1),
})

const Ingest = z.discriminatedUnion('auth', [
  z.strictObject({ auth: z.literal('iam') }),
  z.strictObject({ auth: z.literal('jwt'), issuer: z.url(), audience: z.array(text).min(1) }),
])

/** What the bootstrap stage made; `npm run release -- <stack>` writes it. */
const Bootstrap = z.strictObject(
  { artifactBucket: text, keyArn: arn },
  'the bootstrap stage comes first: `pulumi up --cwd infra/bootstrap`, then `npm run release -- <stack>`',
)

const WHOLE_PERCENT = 'a whole number of percent, from 1 to 99'
const Percent = z.int(WHOLE_PERCENT).min(1, WHOLE_PERCENT).max(99, WHOLE_PERCENT)

export const Config = z.strictObject({
  /** sizes, protection and retention: see plan/sizes.ts */
  tier: z.enum(['dev', 'staging', 'prod']),
  /** the deployment that owns the orders (all, or what `split` leaves) */
  engine: DeploymentName.default('node-1'),
  /** a second deployment, which folds everything and writes to its shadow topics */
  shadow: z.union([z.literal('none'), DeploymentName]).default('none'),
  /** how many percent of the orders the second deployment owns, as {flink: 10} */
  split: z.record(z.string(), Percent).default({}),
  /** why the engine may be changed without a verdict; recorded in the shares topic. A ticket's number is one, and comes as a number. */
  force: z
    .preprocess((reason) => (typeof reason === 'number' ? String(reason) : reason), z.string())
    .default(''),
  /** a deployment that is declared dead: a failover, which does not wait for it and asks for no verdict */
  dead: z.union([z.literal('none'), DeploymentName]).default('none'),
  /** what a verdict has to cover at least: less is INCONCLUSIVE */
  floor: z
    .strictObject({
      /** compared, and equal */
      rows: z.int().min(1).default(10_000),
      orders: z.int().min(1).default(1_000),
    })
    .default({ rows: 10_000, orders: 1_000 }),
  /** of raw and of every topic that carries orders; fixed for their life */
  partitions: z.int().min(1).max(1_000),
  bootstrap: Bootstrap,
  images: z.partialRecord(z.enum(IMAGES), Image).default({}),
  network: Network.default({ kind: 'own', cidr: '10.20.0.0/16', egress: 'nat' }),
  kafka: Kafka.default({ kind: 'msk' }),
  registry: Registry.default({ kind: 'apicurio' }),
  warehouse: Warehouse,
  ingest: Ingest.default({ auth: 'iam' }),
  sink: z.enum(['ecs', 'lambda']).default('ecs'),
  /** who is told of alarms; none = only the topic, for you to subscribe to */
  alarmEmail: z.union([z.literal(''), z.email()]).default(''),
})

export type Parsed = z.output<typeof Config>

export interface Settings extends Parsed {
  /** the stack's name */
  stack: string
  /** AWS region, of `aws:region` */
  region: string
  deployments: DeploymentPlan
  sizes: Sizes
  /** stateful things are protected, and kept where deleting would lose data */
  protect: boolean
}

const NAMESPACE = 'order-up:'

/**
 * Parses the stack's configuration, with the checks that concern several keys.
 * @param values every config value of the stack by full key, objects as JSON, as Pulumi hands them over
 * @throws RunError, which Pulumi shows without a stack trace, with a line for each key: its value and the rule that it breaks
 */
export function parseSettings(stack: string, values: Readonly<Record<string, string>>): Settings {
  const region = values['aws:region']
  const own = Object.entries(values)
    .filter(([key]) => key.startsWith(NAMESPACE))
    .map(([key, value]) => [key.slice(NAMESPACE.length), plain(value)] as const)
  const given: Readonly<Record<string, unknown>> = Object.fromEntries(own)
  const parsed = Config.safeParse(given)
  const broken = parsed.success
    ? rulesBroken(stack, parsed.data, region)
    : parsed.error.issues.flatMap(brokenOf)
  if (!region) broken.unshift({ path: ['aws:region'], message: 'needed, as eu-west-1' })
  if (!parsed.success || !region || broken.length > 0) throw invalid(stack, given, broken)
  const { tier, partitions } = parsed.data
  const deployments = planDeployments(parsed.data)
  return {
    ...parsed.data,
    stack,
    region,
    deployments,
    sizes: sizesOf(tier, partitions),
    protect: tier === 'prod',
  }
}

/** Pulumi hands every value over as text; numbers and objects are JSON. */
function plain(value: string): unknown {
  if (!/^([[{]|-?\d+(\.\d+)?$)/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function brokenOf(issue: z.core.$ZodIssue): Broken[] {
  const { path, message } = issue
  if (issue.code !== 'unrecognized_keys') return [{ path, message }]
  return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such key' }))
}

function invalid(stack: string, given: unknown, broken: readonly Broken[]): RunError {
  const lines = broken.map(({ path, message }) => {
    const key = String(path[0]).includes(':') ? path.join('.') : `${NAMESPACE}${path.join('.')}`
    const value = path.reduce<unknown>(
      (at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step],
      given,
    )
    const is = value === undefined ? ' is not set' : ` = ${JSON.stringify(value)}`
    const rule = message.replace(
      /^Invalid input: expected (.*), received undefined$/,
      'needed ($1)',
    )
    return `${key}${is}: ${rule.replace('<stack>', stack)}`
  })
  return new RunError(
    `Pulumi.${stack}.yaml is not valid:\n  ${lines.join('\n  ')}\n` +
      `Set a value with \`pulumi config set --stack ${stack} --path <key> <value>\`; README, "Deploy", lists the keys.`,
  )
}
