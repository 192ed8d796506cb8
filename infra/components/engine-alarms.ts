import type { Input } from '@pulumi/pulumi'
import * as pulumi from '@pulumi/pulumi'
import { engineOf, type DeploymentId } from '@order-up/control'
import { alarm, noTaskRuns, ownMetric, type AlarmSpec, type Metric } from './alarm.ts'
import type { Runtime } from './runtime.ts'

export interface EngineAlarmsArgs {
  runtime: Pick<Runtime, 'stack' | 'ecsClusterName'>
  deployment: DeploymentId
  /** the Flink application's, or the ECS service's */
  physicalName: Input<string>
  alarmTopicArn: Input<string>
}

/** What is watched of one deployment: whether it owns orders or only shadows, it must keep up and stay up. */
export class EngineAlarms extends pulumi.ComponentResource {
  constructor(name: string, args: EngineAlarmsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:observability:EngineAlarms', name, {}, opts)
    const { runtime, deployment, alarmTopicArn } = args
    const specs = { ...ofEvery(runtime.stack, deployment), ...ofKind(args) }
    for (const [kind, spec] of Object.entries(specs))
      alarm(`${name}-${kind}`, spec, alarmTopicArn, this)
    this.registerOutputs()
  }
}

function ofKind({
  runtime,
  deployment,
  physicalName,
}: EngineAlarmsArgs): Record<string, AlarmSpec> {
  switch (engineOf(deployment)) {
    case 'node':
      return ofNode(runtime.stack, deployment)
    case 'flink':
      return ofFlink(deployment, physicalName)
    case 'kafka-streams':
      return ofKafkaStreams(deployment, runtime.ecsClusterName, physicalName)
  }
}

/** Measured by the probe, whether the engine runs or not. */
const ofEvery = (stack: string, deployment: DeploymentId): Record<string, AlarmSpec> => ({
  lag: {
    title: 'Engine is behind',
    says: `The oldest raw record that ${deployment} has not committed is over two minutes old, or nobody knows. Nothing is lost: raw keeps everything. First look whether "Engine is down" rings too; if not, at its log for what it waits for.`,
    of: ownMetric(stack, deployment, 'LagSeconds', 'Maximum'),
    threshold: { above: 120 },
    breaches: 5,
    missing: 'breaching',
  },
})

/** The figures that the Node engine writes of itself. */
const ofNode = (stack: string, deployment: DeploymentId): Record<string, AlarmSpec> => ({
  down: {
    title: 'Engine is down',
    says: `No task of ${deployment} has said for five minutes that it is in its consumer group. Look at the service's events in ECS (does a task start, and why does it stop?), then at its log for the last error.`,
    of: ownMetric(stack, deployment, 'Up', 'Maximum'),
    threshold: { below: 1 },
    breaches: 5,
    missing: 'breaching',
  },
  latency: {
    title: 'Engine is slow',
    says: `One in a hundred transactions of ${deployment} held a record for over ten seconds before its commit. Look at the task's CPU and the brokers' first.`,
    of: ownMetric(stack, deployment, 'RawToCommittedSeconds', 'p99'),
    threshold: { above: 10 },
    breaches: 3,
    periodS: 300,
    missing: 'notBreaching', // nothing came: "Engine is behind" speaks when it cannot be read
  },
  restarts: {
    title: 'Engine starts partitions again',
    says: `${deployment} was fenced or had transactions of unknown outcome, again and again. No row is lost or doubled by that. Look for a broker that restarts, and whether two tasks fight for the same INSTANCE.`,
    of: ownMetric(stack, deployment, 'Restarts', 'Sum'),
    threshold: { above: 5 },
    breaches: 3,
    periodS: 300,
    missing: 'notBreaching',
  },
})

/** It shows its figures at /metrics, to its own task, and writes none to CloudWatch: ECS's and the probe's are all. */
const ofKafkaStreams = (
  deployment: DeploymentId,
  clusterName: Input<string>,
  serviceName: Input<string>,
): Record<string, AlarmSpec> => ({
  down: {
    title: 'Engine is down',
    says: `ECS has measured no running task of ${deployment} for five minutes. Look at the service's events in ECS (does a task start, and why does it stop?), then at its log for the last error. A task that runs and waits does not ring here but as "Engine is behind".`,
    ...noTaskRuns(clusterName, serviceName),
  },
})

/** AWS's own metrics, of Flink 2.2: numRestarts took fullRestarts' place there, and downtime is deprecated but there. */
function ofFlink(deployment: DeploymentId, application: Input<string>): Record<string, AlarmSpec> {
  const flink = (name: string): Metric => ({
    namespace: 'AWS/KinesisAnalytics',
    name,
    dimensions: { Application: application },
    statistic: 'Maximum',
  })
  return {
    down: {
      title: 'Engine is down',
      says: `${deployment}'s job is not running, or its application is stopped. Look at the application's state in Managed Flink, then in its log for the exception that ended the job.`,
      of: flink('downtime'),
      threshold: { above: 0 },
      breaches: 5,
      missing: 'breaching',
    },
    restarts: {
      title: 'Engine starts partitions again',
      says: `${deployment}'s job has restarted in each of three spans of five minutes. No row is lost or doubled by that, but rows wait. Look in its log for the exception before each restart.`,
      of: { expression: 'DIFF(restarts)', metrics: { restarts: flink('numRestarts') } },
      threshold: { above: 0 },
      breaches: 3,
      periodS: 300,
      missing: 'notBreaching',
    },
    checkpoints: {
      title: 'Checkpoints fail',
      says: `${deployment} commits rows with its checkpoints, and they fail: curated stands still and its readers wait. Look in the application's log for the reason; S3, Kafka's transactions and memory are the usual ones.`,
      of: { expression: 'DIFF(failed)', metrics: { failed: flink('numberOfFailedCheckpoints') } },
      threshold: { above: 0 },
      breaches: 3,
      periodS: 300,
      missing: 'notBreaching',
    },
    latency: {
      title: 'Checkpoints are slow',
      says: `A checkpoint of ${deployment} takes over ten seconds, and rows are seen only after it. Look at the application's busy and back-pressured time first, then at its state's size.`,
      of: flink('lastCheckpointDuration'),
      threshold: { above: 10_000 }, // milliseconds
      breaches: 3,
      periodS: 300,
      missing: 'notBreaching',
    },
  }
}
