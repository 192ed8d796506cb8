import { planDeployments, splitProblems } from '@order-up/control'
import type { Parsed } from './config.ts'

/** A rule that a config value breaks. */
export interface Broken {
  /** of the value, below `order-up:` */
  path: PropertyKey[]
  /** the rule */
  message: string
}

const isHttps = (url: string) => url.startsWith('https:')
const isPort = (text: string) => Number(text) >= 1 && Number(text) <= 65_535

/**
 * The rules that concern several keys, or what a value is for: AWS would break them half an hour later, or nobody would.
 * @param region of the stack; where it is not set, that is said elsewhere
 */
export function rulesBroken(stack: string, config: Parsed, region = '<region>'): Broken[] {
  const broken: Broken[] = []
  const demand = (holds: boolean, key: string, message: string) => {
    if (!holds) broken.push({ path: key.split('.'), message })
  }
  const isArn = (arn: string, service: string, rest: string) =>
    new RegExp(`^arn:[^:]+:${service}:${region}:\\d{12}:${rest}$`).test(arn)
  const { engine, shadow, dead, network, kafka, registry, warehouse, ingest, tier } = config
  demand(
    isArn(config.bootstrap.keyArn, 'kms', 'key/.+'),
    'bootstrap.keyArn',
    `a KMS key's ARN, in ${region}`,
  )
  demand(
    tier !== 'prod' || stack.startsWith('prod'),
    'tier',
    'in a stack whose name begins with prod: by that the policy pack knows what has to be protected',
  )
  demand(shadow !== engine, 'shadow', `must differ from order-up:engine (${engine})`)
  const wrongSplit = splitProblems(config)
  for (const problem of wrongSplit) demand(false, 'split', problem)
  demand(
    dead === 'none' || wrongSplit.length > 0 || !planDeployments(config).running.includes(dead),
    'dead',
    'must not run: leave it out of engine, shadow and split',
  )
  if (network.kind === 'own') {
    const wanted = network.egress === 'privatelink'
    demand(
      wanted === (network.snowflakeEndpointService !== undefined),
      'network.snowflakeEndpointService',
      'needed with egress: privatelink, and only there',
    )
    demand(
      !wanted || registry.kind !== 'apicurio' || registry.image !== undefined,
      'registry.image',
      'needed with egress: privatelink, which reaches no public repository',
    )
  } else
    demand(
      new Set(network.subnetIds).size === network.subnetIds.length,
      'network.subnetIds',
      'each once',
    )
  if (kafka.kind !== 'msk')
    demand(
      kafka.brokers.every((broker) => isPort(broker.slice(broker.lastIndexOf(':') + 1))),
      'kafka.brokers',
      'host:port, with a port from 1 to 65535',
    )
  if (kafka.kind === 'existing-msk')
    demand(
      isArn(kafka.clusterArn, 'kafka', 'cluster/[^/]+/[^/]+'),
      'kafka.clusterArn',
      `an MSK cluster's ARN, in ${region}: arn:…:cluster/<name>/<uuid>`,
    )
  if (kafka.kind === 'other') {
    demand(
      tier !== 'prod' || kafka.replicationFactor >= 3,
      'kafka.replicationFactor',
      'at least 3 in prod: with less, a lost broker stops the writers or loses what they wrote',
    )
    demand(
      kafka.auth !== 'tls' || config.sink !== 'lambda',
      'sink',
      'a Lambda sink can poll MSK, or a Kafka with auth: scram; with auth: tls use ecs',
    )
    demand(
      (kafka.auth === 'scram') === (kafka.secretArn !== undefined),
      'kafka.secretArn',
      'needed with auth: scram, and only there',
    )
  }
  if (kafka.kind === 'other' && kafka.auth === 'scram' && kafka.secretArn !== undefined)
    demand(
      isArn(kafka.secretArn, 'secretsmanager', 'secret:.+'),
      'kafka.secretArn',
      `a secret's ARN, in ${region}`,
    )
  demand(
    warehouse.url === undefined || isHttps(warehouse.url),
    'warehouse.url',
    'over https: the sink logs in through it',
  )
  demand(
    ingest.auth === 'iam' || isHttps(ingest.issuer),
    'ingest.issuer',
    'over https: its keys say who may send',
  )
  if (registry.kind === 'apicurio') {
    if (registry.hostname !== undefined && registry.certificateArn !== undefined)
      demand(
        isArn(registry.certificateArn, 'acm', 'certificate/.+'),
        'registry.certificateArn',
        `an ACM certificate's ARN, in ${region}`,
      )
    demand(
      (registry.hostname === undefined) === (registry.certificateArn === undefined),
      'registry.certificateArn',
      'hostname and certificateArn go together',
    )
    demand(
      tier !== 'prod' || registry.certificateArn !== undefined,
      'registry.certificateArn',
      'in prod the registry is served over TLS: set hostname and certificateArn, or use an existing one',
    )
  } else {
    const { protocol, username } = new URL(registry.url)
    demand(['http:', 'https:'].includes(protocol), 'registry.url', 'an http or https URL')
    demand(username === '', 'registry.url', 'without a name or password, which all could read')
    demand(
      tier !== 'prod' || protocol === 'https:',
      'registry.url',
      'in prod the registry is reached over https',
    )
  }
  return broken
}
