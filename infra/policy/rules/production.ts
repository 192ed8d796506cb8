import * as aws from '@pulumi/aws'
import * as kafka from '@pulumi/kafka'
import {
  validateResourceOfType,
  type Policies,
  type ReportViolation,
  type ResourceValidationArgs,
} from '@pulumi/policy'
import * as snowflake from '@pulumi/snowflake'
import { isProduction, type ResourceClass } from '../stack.ts'

/** What can't be made again. */
const STATEFUL: readonly ResourceClass[] = [
  aws.msk.Cluster,
  aws.msk.Topic,
  aws.rds.Instance,
  aws.s3.Bucket,
  aws.kms.Key,
  aws.ecr.Repository,
  aws.secretsmanager.Secret,
  snowflake.Database,
  snowflake.Schema,
]

const MIN_REPLICAS = 3
const MIN_IN_SYNC = 2

function checkReplicas(
  { urn }: ResourceValidationArgs,
  replicas: number | undefined,
  minInSync: string | undefined,
  report: ReportViolation,
): void {
  if (!isProduction(urn)) return
  if (!(Number(replicas) >= MIN_REPLICAS))
    report(`It has ${replicas ?? 'no set number of'} replicas: at least ${MIN_REPLICAS}.`)
  if (!(Number(minInSync) >= MIN_IN_SYNC))
    report(`min.insync.replicas is ${minInSync ?? 'not set'}: at least ${MIN_IN_SYNC}.`)
}

/** `key = value` lines */
const serverProperties = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => line.split('=', 2).map((part) => part.trim()) as [string, string]),
  )

/** What a stack whose name begins with `prod` has to have besides. */
export const production: Policies = [
  {
    name: 'protected-in-production',
    description: "In production, what can't be made again is protected from deletion.",
    validateResource: (args, report) => {
      const stateful = STATEFUL.some((type) => args.isType(type))
      if (stateful && isProduction(args.urn) && !args.opts.protect) report('Set protect: true.')
    },
  },
  {
    name: 'foreign-topics-protected',
    description:
      'Elsewhere than on MSK, fewer partitions would mean a new, empty topic: protected in every stack.',
    validateResource: validateResourceOfType(kafka.Topic, (_, { opts }, report) => {
      if (!opts.protect) report('Set protect: true.')
    }),
  },
  {
    name: 'replicas-in-production',
    description:
      'In production, a topic survives the loss of a broker, and a write is on two before it counts.',
    validateResource: [
      validateResourceOfType(aws.msk.Topic, ({ replicationFactor, configs }, args, report) => {
        const settings = JSON.parse(configs ?? '{}') as Record<string, string>
        checkReplicas(args, replicationFactor, settings['min.insync.replicas'], report)
      }),
      validateResourceOfType(kafka.Topic, ({ replicationFactor, config }, args, report) =>
        checkReplicas(args, replicationFactor, config?.['min.insync.replicas'], report),
      ),
      validateResourceOfType(aws.msk.Configuration, (configuration, args, report) => {
        const settings = serverProperties(configuration.serverProperties)
        checkReplicas(
          args,
          Number(settings['default.replication.factor']),
          settings['min.insync.replicas'],
          report,
        )
      }),
      validateResourceOfType(aws.msk.Cluster, ({ numberOfBrokerNodes }, { urn }, report) => {
        if (isProduction(urn) && numberOfBrokerNodes < MIN_REPLICAS)
          report(`It has ${numberOfBrokerNodes} brokers: at least ${MIN_REPLICAS}.`)
      }),
    ],
  },
  {
    name: 'broker-defaults-keep-data',
    description: 'Brokers make no topic by accident, and elect no replica that lacks records.',
    validateResource: validateResourceOfType(aws.msk.Configuration, (configuration, _, report) => {
      const settings = serverProperties(configuration.serverProperties)
      for (const key of ['auto.create.topics.enable', 'unclean.leader.election.enable'])
        if (settings[key] !== 'false') report(`Set ${key}=false.`)
    }),
  },
  {
    name: 'database-kept-in-production',
    description: 'In production, the database is backed up and leaves a snapshot behind.',
    validateResource: validateResourceOfType(aws.rds.Instance, (database, { urn }, report) => {
      if (!isProduction(urn)) return
      if (!(Number(database.backupRetentionPeriod) >= 7))
        report('Set backupRetentionPeriod: 7 or more.')
      if (database.deletionProtection !== true) report('Set deletionProtection: true.')
      if (database.skipFinalSnapshot !== false) report('Set skipFinalSnapshot: false.')
    }),
  },
]
