import * as pulumi from '@pulumi/pulumi'
import { engineOf, type DeploymentId, type Proof } from '@order-up/control'
import { imageOf } from '../build/artifacts.ts'
import type { Statement } from '../plan/grants.ts'
import { nodeWorkersOf } from '../plan/sizes.ts'
import type { EngineArgs, RunningEngine } from './engine.ts'
import { FargateWorker } from './fargate-worker.ts'
import { WORKER_VOLUME } from './worker-volume.ts'
import { SNAPSHOTS, type StateBucket } from './state-bucket.ts'

/** State that is rebuilt from elsewhere when a task is gone. */
const STATE_DIR = `${WORKER_VOLUME}/state`
/** Fargate's most: an engine finishes its transactions and leaves its group, so that nobody waits for a timeout. */
const STOP_TIMEOUT_S = 120

/**
 * An engine on ECS: the Node worker or Kafka Streams. Its tasks are replaced one by one, and it grows with the CPU that it
 * uses up to `maxTasks`, which is never more than raw has partitions.
 * @throws Error where its image is not in the stack's config
 */
export function engineService(
  name: string,
  { runtime, deployment, settings, state }: EngineArgs,
  parent: pulumi.Resource,
): RunningEngine {
  const isNode = engineOf(deployment) === 'node'
  const image = imageOf(settings, isNode ? 'engine-node' : 'engine-kafka-streams')
  const { cpu, memory, minTasks, maxTasks } = settings.sizes.engine
  const { workers, stateMemory } = nodeWorkersOf(settings.sizes.engine)
  const service = new FargateWorker(
    name,
    {
      runtime,
      image,
      cpu,
      memory,
      env: {
        DEPLOYMENT: deployment,
        STATE_DIR,
        ...(isNode && {
          WORKERS: String(workers),
          STATE_MEMORY_MB: String(stateMemory),
          SNAPSHOT_URL: pulumi.interpolate`s3://${state.bucket}/${SNAPSHOTS}/${deployment}`,
        }),
      },
      // Kafka Streams keeps its own copy, in changelog topics
      ...(isNode && { statements: snapshotStatements(state, deployment, runtime.keyArn) }),
      kafka: deployment,
      writable: [WORKER_VOLUME],
      replacement: 'rolling',
      stopTimeoutS: STOP_TIMEOUT_S,
      desired: minTasks,
      ...(maxTasks > minTasks && { autoscale: { max: maxTasks } }),
      ...(!isNode && { healthCommand: JAVA_ASKS_LIVEZ }),
    },
    { parent },
  )
  return {
    proof: pulumi
      .all([service.serviceName, service.taskDefinitionArn])
      .apply(([name, taskDefinition]): Proof => ({
        deployment,
        kind: 'ecs',
        service: name,
        taskDefinition,
      })),
    artifact: pulumi.output(image.slice(image.indexOf('@') + 1)),
    physicalName: service.serviceName,
    logGroupName: service.logGroupName,
  }
}

/** Kafka Streams' image has no node. */
const JAVA_ASKS_LIVEZ = ['wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:9100/livez']

/** Its own folder and no other deployment's. */
const snapshotStatements = ({ arn }: StateBucket, deployment: DeploymentId, keyArn: string) =>
  arn.apply((bucket): Statement[] => {
    const folder = `${SNAPSHOTS}/${deployment}`
    return [
      {
        Sid: 'Snapshots',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: [`${bucket}/${folder}/*`],
      },
      {
        Sid: 'ListSnapshots',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [bucket],
        Condition: { StringLike: { 's3:prefix': [`${folder}/*`] } },
      },
      {
        Sid: 'Encryption',
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: [keyArn],
      },
    ]
  })
