import * as aws from '@pulumi/aws'
import type { Input } from '@pulumi/pulumi'
import * as pulumi from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import { alarm, type AlarmSpec, type Metric, noTaskRuns, ownMetric } from './alarm.ts'
import { dashboardBody } from './dashboard.ts'
import type { Runtime } from './runtime.ts'

export interface ObservabilityArgs {
  runtime: Pick<Runtime, 'stack' | 'region' | 'ecsClusterName'>
  alarmTopicArn: Input<string>
  controlFunctionName: Input<string>
  producer: { functionName: Input<string>; apiId: Input<string> }
  sink: { kind: Settings['sink']; physicalName: Input<string> }
  /** where it is MSK: its name, and how many brokers it has as far as that is known */
  kafka?: { clusterName: Input<string>; brokers?: number }
  /** where it is our own: its service, and its database's identifier */
  registry?: { serviceName: Input<string>; databaseId: Input<string> }
}

/**
 * The dashboard, and the alarms on what is there whichever engines run: nothing here may depend on those. Alarms of an
 * engine are in EngineAlarms, those on full disks with the cluster.
 */
export class Observability extends pulumi.ComponentResource {
  readonly dashboardName: pulumi.Output<string>

  constructor(name: string, args: ObservabilityArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:observability:Observability', name, {}, opts)
    const { runtime, producer, kafka } = args
    const specs: Record<string, AlarmSpec> = {
      ...ofSink(runtime.stack, args.sink),
      ...ofRows(runtime.stack),
      ...ofProducer(producer),
      control: failing(args.controlFunctionName, 'Control function fails', CONTROL_FAILS),
      ...(kafka && ofKafka(kafka)),
      ...(args.registry && ofRegistry(args.registry, runtime.ecsClusterName)),
    }
    for (const [kind, spec] of Object.entries(specs))
      alarm(`${name}-${kind}`, spec, args.alarmTopicArn, this)
    const dashboard = new aws.cloudwatch.Dashboard(
      name,
      {
        dashboardName: `order-up-${runtime.stack}`,
        dashboardBody: pulumi
          .all([producer.apiId, kafka?.clusterName])
          .apply(([apiId, clusterName]) =>
            JSON.stringify(
              dashboardBody({
                stack: runtime.stack,
                region: runtime.region,
                apiId,
                apiStage: STAGE,
                clusterName,
              }),
            ),
          ),
      },
      { parent: this },
    )
    this.dashboardName = dashboard.dashboardName
    this.registerOutputs({ dashboardName: this.dashboardName })
  }
}

/** of the producer's API, its only one */
const STAGE = '$default'

const CONTROL_FAILS =
  'It measures lag and carries a flip, and fails at both; nothing that is under way is lost. Look at its log: it names what it could not reach. Kafka and the registry answer within the VPC only.'

function ofSink(
  stack: string,
  { kind, physicalName }: ObservabilityArgs['sink'],
): Record<string, AlarmSpec> {
  const behind = {
    title: 'Sink is behind',
    breaches: 5,
    missing: 'breaching',
  } as const
  if (kind === 'lambda')
    return {
      // in records: what its pollers have not committed may be a marker that holds no row, however old
      'sink-lag': {
        ...behind,
        says: 'The function has more than ten thousand curated rows before it, or the probe does not measure. Nothing is lost while curated keeps them (30 days). Look whether "Sink function fails" or "Control function fails" rings too.',
        of: ownMetric(stack, 'sink', 'LagRecords', 'Maximum'),
        threshold: { above: 10_000 },
      },
      'sink-errors': failing(
        physicalName,
        'Sink function fails',
        'Lambda tries the same rows for ever, so nothing is lost and nothing after them is merged in that partition. Look at its log: the warehouse that refuses, or a row that it does not know.',
      ),
    }
  return {
    'sink-lag': {
      ...behind,
      says: 'The oldest curated row that is not in the warehouse is over five minutes old, or the sink says nothing. Nothing is lost while curated keeps the rows (30 days). Look at its log: it names what it waits for, mostly Snowflake.',
      of: ownMetric(stack, 'sink', 'LagSeconds', 'Maximum'),
      threshold: { above: 300 },
    },
    'sink-down': {
      title: 'Sink is down',
      says: 'For five minutes the sink has not said that it reads and merges: it waits for something, or no task runs. Look at its log for what it waits for, then at the events of its ECS service.',
      of: ownMetric(stack, 'sink', 'Up', 'Maximum'),
      threshold: { below: 1 },
      breaches: 5,
      missing: 'breaching',
    },
  }
}

const ofRows = (stack: string): Record<string, AlarmSpec> => ({
  latency: {
    title: 'Rows arrive late',
    says: 'One event in a hundred was over five minutes old, by its own event_ts, when it got into the warehouse. A replay of old orders and a late producer look the same. If neither is on, see whether an engine or the sink is behind.',
    of: ownMetric(stack, 'sink', 'EventToWarehouseSeconds', 'p99'),
    threshold: { above: 300 },
    breaches: 3,
    periodS: 300,
    missing: 'notBreaching', // nothing was merged: "Sink is behind" speaks when something should have been
  },
  'dead-letters': {
    title: 'Dead letters',
    says: 'Engines found records in raw that are none of our events, and put them aside untouched with their reason. Nothing else is held up. Read dlq-reason and dlq-detail in orders.events.dlq, and find who writes past the ingest, which refuses such events.',
    // whichever engines run: not all of them write figures of their own
    of: {
      namespace: 'OrderUp',
      name: 'RecentDeadLetters',
      dimensions: { Stack: stack },
      statistic: 'Maximum',
    },
    threshold: { above: 0 },
    breaches: 1,
    missing: 'notBreaching', // the probe that fails has an alarm of its own
  },
  'held-back': {
    title: 'Readers of curated are held up',
    says: 'A transaction has been open on curated for over two minutes: what was written since, by whichever engine, is seen by nobody. Mostly an engine died in it, and it ends with the transaction timeout. If it does not, see which engine hangs; a flip away from it goes on without it.',
    of: {
      namespace: 'OrderUp',
      name: 'CuratedHeldBack',
      dimensions: { Stack: stack },
      statistic: 'Maximum',
    },
    threshold: { above: 120 },
    breaches: 3,
    missing: 'breaching', // the probe measures each minute
  },
})

function ofProducer({
  functionName,
  apiId,
}: ObservabilityArgs['producer']): Record<string, AlarmSpec> {
  const api = { namespace: 'AWS/ApiGateway', dimensions: { ApiId: apiId, Stage: STAGE } }
  return {
    ingest: {
      title: 'Ingest refuses events',
      says: `Clients are answered 5xx and have to send again; of such an answer nothing was accepted for certain. Look at the producer function's log: Kafka or the registry that does not answer, mostly.`,
      of: { ...api, name: '5xx', statistic: 'Sum' },
      threshold: { above: 5 },
      breaches: 2,
      periods: 3,
      periodS: 300,
      missing: 'notBreaching', // nobody asked
    },
    producer: failing(
      functionName,
      'Producer function fails',
      'It ended without an answer of its own: out of time or memory, or it does not start. Look at its log for "Task timed out" or an error at its start.',
    ),
    throttles: {
      title: 'Producer function is throttled',
      says: 'More requests at once than its reserved concurrency lets in: clients are answered 5xx. Is it a burst, or does Kafka answer slowly? Then raise reservedConcurrency in infra/plan/sizes.ts; small brokers take few new connections a second.',
      of: lambda(functionName, 'Throttles'),
      threshold: { above: 0 },
      breaches: 2,
      periods: 3,
      periodS: 300,
      missing: 'notBreaching',
    },
  }
}

const lambda = (functionName: Input<string>, name: string): Metric => ({
  namespace: 'AWS/Lambda',
  name,
  dimensions: { FunctionName: functionName },
  statistic: 'Sum',
})

const failing = (functionName: Input<string>, title: string, says: string): AlarmSpec => ({
  title,
  says,
  of: lambda(functionName, 'Errors'),
  threshold: { above: 0 },
  breaches: 2,
  periods: 3,
  periodS: 300,
  missing: 'notBreaching', // it was not invoked
})

function ofKafka({
  clusterName,
  brokers = 0,
}: NonNullable<ObservabilityArgs['kafka']>): Record<string, AlarmSpec> {
  const cluster = (name: string): Metric => ({
    namespace: 'AWS/Kafka',
    name,
    dimensions: { 'Cluster Name': clusterName },
    statistic: 'Maximum',
  })
  const ids = Array.from({ length: brokers }, (_, i) => i + 1)
  return {
    'kafka-offline': {
      title: 'Kafka has offline partitions',
      says: `Some partitions have no leader: they can be neither written nor read. Look at the cluster's state and brokers in MSK; a broker that is replaced comes back by itself. Nothing to do on our side; the workers wait.`,
      of: cluster('OfflinePartitionsCount'),
      threshold: { above: 0 },
      breaches: 3,
      missing: 'notBreaching', // "Kafka has no controller" speaks then
    },
    'kafka-controller': {
      title: 'Kafka has no controller',
      says: `No controller is active, or MSK measures nothing: no leader is elected, and no topic can be changed. Look at the cluster's state in MSK and open a case with AWS if it does not heal.`,
      of: cluster('ActiveControllerCount'),
      threshold: { below: 1 },
      breaches: 5,
      missing: 'breaching',
    },
    ...(brokers > 0 && {
      'kafka-replicas': {
        title: 'Kafka lacks replicas',
        says: `Replicas have been out of sync for a quarter of an hour; one more loss, and writes are refused or a partition is offline. Look for a broker that is down, full or out of CPU credits. MSK's own patching takes brokers one by one and is over sooner.`,
        of: {
          expression: `MAX([${ids.map((id) => `b${id}`).join(', ')}])`,
          metrics: Object.fromEntries(
            ids.map((id) => [
              `b${id}`,
              {
                ...cluster('UnderReplicatedPartitions'),
                dimensions: { 'Cluster Name': clusterName, 'Broker ID': String(id) },
              },
            ]),
          ),
        },
        threshold: { above: 0 },
        breaches: 3,
        periodS: 300,
        missing: 'notBreaching', // "Kafka has no controller" speaks then
      } satisfies AlarmSpec,
    }),
  }
}

const ofRegistry = (
  { serviceName, databaseId }: NonNullable<ObservabilityArgs['registry']>,
  clusterName: Input<string>,
): Record<string, AlarmSpec> => ({
  registry: {
    title: 'Schema registry is down',
    says: 'ECS has measured no running task of the registry for five minutes. Workers that run go on with the schemas they know; none can start. Look at the events of its service in ECS, then at its log: mostly its database.',
    ...noTaskRuns(clusterName, serviceName),
  },
  'registry-disk': {
    title: 'Registry database is nearly full',
    says: 'Less than 2 GiB are free, or RDS measures nothing. Schemas are small, so look what else fills it: logs mostly. Raise databaseGiB in infra/plan/sizes.ts; without the ids in it nobody can read raw.',
    of: {
      namespace: 'AWS/RDS',
      name: 'FreeStorageSpace',
      dimensions: { DBInstanceIdentifier: databaseId },
      statistic: 'Minimum',
    },
    threshold: { below: 2 * 1_024 ** 3 },
    breaches: 3,
    periodS: 300,
    missing: 'breaching',
  },
})
