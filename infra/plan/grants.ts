import { engineOf, transactionalIdsOf, type DeploymentId } from '@order-up/control'
import {
  changelogTopic,
  CONTROL_TRANSACTIONAL_ID,
  CURATED_TOPIC,
  DEPLOYMENTS,
  DLQ_TOPIC,
  engineGroup,
  RAW_TOPIC,
  READ_GROUP_PREFIX,
  REPORTS_TOPIC,
  shadowDlqTopic,
  shadowTopic,
  SHARES_TOPIC,
  SINK_GROUP,
} from '@order-up/schemas'

/** Who is granted something in Kafka. */
export type Worker = 'producer' | 'sink' | 'parity' | 'control' | DeploymentId

/** A statement of an IAM policy. */
export interface Statement {
  Sid?: string
  Effect: 'Allow'
  Action: string[]
  Resource: string[]
  Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>
}

/** An IAM policy of these statements, before it is made JSON. */
export const policyOf = (statements: readonly Statement[]) => ({
  Version: '2012-10-17',
  Statement: statements,
})

/** Names, each exact or a prefix that ends in `*`. */
interface Grants {
  /** topics */
  reads?: readonly string[]
  writes?: readonly string[]
  /** consumer groups that it is a member of, and whose offsets it commits */
  joins?: readonly string[]
  /** consumer groups whose offsets it only looks at */
  watches?: readonly string[]
  /** transactional ids */
  transacts?: readonly string[]
}

/** Every reading by kafkajs that is no consumer group of the contract's goes through a throw-away one. */
const READERS = `${READ_GROUP_PREFIX}*`
const ENGINES = DEPLOYMENTS as readonly DeploymentId[]
const ENGINE_GROUPS = DEPLOYMENTS.map(engineGroup)
const transactionalIds = (deployment: DeploymentId) => `${transactionalIdsOf(deployment)}*`
const SHADOW_TOPICS = DEPLOYMENTS.map(shadowTopic)
const SHADOW_DLQ_TOPICS = DEPLOYMENTS.map(shadowDlqTopic)

const GRANTS: Readonly<Record<Exclude<Worker, DeploymentId>, Grants>> = {
  producer: { writes: [RAW_TOPIC] },
  sink: { reads: [CURATED_TOPIC], joins: [SINK_GROUP] },
  parity: {
    reads: [RAW_TOPIC, CURATED_TOPIC, DLQ_TOPIC, ...SHADOW_TOPICS, ...SHADOW_DLQ_TOPICS],
    watches: ENGINE_GROUPS,
  },
  control: {
    // at the end of a swap, what is missing is taken from the incoming's shadow topics; it reads without a group
    reads: [
      RAW_TOPIC,
      CURATED_TOPIC,
      DLQ_TOPIC,
      SHARES_TOPIC,
      REPORTS_TOPIC,
      ...SHADOW_TOPICS,
      ...SHADOW_DLQ_TOPICS,
    ],
    writes: [SHARES_TOPIC, CURATED_TOPIC, DLQ_TOPIC],
    watches: [...ENGINE_GROUPS, SINK_GROUP],
    // at a failover it looks for what the dead one left open, which Kafka shows to whoever may describe the id, and ends it
    transacts: [CONTROL_TRANSACTIONAL_ID, ...ENGINES.map(transactionalIds)],
  },
}

const isDeployment = (worker: Worker): worker is DeploymentId => DEPLOYMENTS.includes(worker)
const grantsOf = (worker: Worker): Grants =>
  isDeployment(worker) ? engineGrants(worker) : GRANTS[worker]

function engineGrants(deployment: DeploymentId): Grants {
  const group = engineGroup(deployment)
  const reads = [RAW_TOPIC, SHARES_TOPIC]
  const writes = [
    CURATED_TOPIC,
    DLQ_TOPIC,
    shadowTopic(deployment),
    shadowDlqTopic(deployment),
    REPORTS_TOPIC,
  ]
  const transacts = [transactionalIds(deployment)]
  switch (engineOf(deployment)) {
    case 'node':
      return { reads, writes, joins: [group, READERS], transacts }
    case 'flink':
      // Kafka shows who is writing to a topic only to whoever may read it: so a job finds the transactions that it left
      // open, to abort them. It withdraws stale reports. In its group it commits offsets, and is no member.
      return { reads: [...reads, ...writes], writes, joins: [group], transacts }
    case 'kafka-streams': {
      // the deploy makes its changelog
      const changelog = changelogTopic(deployment)
      return {
        reads: [...reads, changelog],
        writes: [...writes, changelog],
        joins: [group],
        transacts,
      }
    }
  }
}

type Kind = 'topic' | 'group' | 'transactional-id'

/**
 * What a worker may do in an MSK cluster: the contract's names and no others. Each list of actions is the one that
 * MSK's documentation asks for by use case, "Common use cases for client authorization policy".
 * @param clusterArn arn:…:cluster/<name>/<uuid>
 */
export function kafkaStatements(clusterArn: string, worker: Worker): Statement[] {
  const allow = (
    Sid: string,
    kind: Kind,
    names: readonly string[] = [],
    actions: readonly string[],
  ): Statement[] =>
    names.length === 0
      ? []
      : [
          {
            Sid,
            Effect: 'Allow',
            Action: actions.map((action) => `kafka-cluster:${action}`),
            Resource: names.map(
              (name) => `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`,
            ),
          },
        ]
  const { reads, writes, joins, watches, transacts } = grantsOf(worker)
  return [
    {
      Sid: 'Connect',
      Effect: 'Allow',
      Action: [
        'kafka-cluster:Connect',
        ...(writes === undefined ? [] : ['kafka-cluster:WriteDataIdempotently']),
      ],
      Resource: [clusterArn],
    },
    ...allow('Read', 'topic', reads, ['DescribeTopic', 'ReadData']),
    ...allow('Write', 'topic', writes, ['DescribeTopic', 'WriteData']),
    ...allow('Join', 'group', joins, ['DescribeGroup', 'AlterGroup']),
    ...allow('Watch', 'group', watches, ['DescribeGroup']),
    ...allow('Transact', 'transactional-id', transacts, [
      'DescribeTransactionalId',
      'AlterTransactionalId',
    ]),
  ]
}
