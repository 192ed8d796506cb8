import type { ECSClient, Service, Task } from '@aws-sdk/client-ecs'
import type {
  ApplicationDetail,
  KinesisAnalyticsV2Client,
} from '@aws-sdk/client-kinesis-analytics-v2'
import type { Proof } from '../lambda-events.ts'

/** What is asked of AWS to prove that a deployment runs. */
export interface Clouds {
  ecs: ECSClient
  /** name or ARN; needed for a service's proof */
  ecsCluster: string | undefined
  flink: KinesisAnalyticsV2Client
}

type EcsProof = Proof & { kind: 'ecs' }
type FlinkProof = Proof & { kind: 'flink' }

/** What speaks against the proof that a deployment runs as it was deployed, in words; empty = nothing. */
export async function unproven(clouds: Clouds, proof: Proof): Promise<string[]> {
  if (proof.kind === 'flink') return flinkProblems(proof, await describe(clouds, proof))
  const { service, tasks } = await describeService(clouds, proof)
  return ecsProblems(proof, service, tasks)
}

/**
 * @param service as ECS describes it; undefined = there is none
 * @param tasks those that ECS wants to run, of any of the service's definitions
 */
export function ecsProblems(
  { deployment, service: name, taskDefinition }: EcsProof,
  service: Service | undefined,
  tasks: readonly Task[],
): string[] {
  if (!service || service.status !== 'ACTIVE')
    return [`${deployment}: the service ${name} is ${service?.status ?? 'not there'}`]
  const { desiredCount = 0, runningCount = 0, deployments = [] } = service
  const problems: string[] = []
  const demand = (holds: boolean, problem: string) => {
    if (!holds) problems.push(`${deployment}: ${problem}`)
  }
  demand(desiredCount > 0, 'no task of it is wanted')
  demand(
    service.taskDefinition === taskDefinition,
    `its service is of ${short(service.taskDefinition)}, not ${short(taskDefinition)}: a deployment was rolled back, or the service was changed by hand`,
  )
  const old = deployments.filter((d) => d.taskDefinition !== taskDefinition)
  demand(old.length === 0, `${old.length} deployment of other definitions goes on`)
  demand(runningCount === desiredCount, `${runningCount} of ${desiredCount} tasks run`)
  const others = tasks.filter((task) => task.taskDefinitionArn !== taskDefinition)
  demand(others.length === 0, `${others.length} tasks of other definitions run`)
  const waiting = tasks.filter(({ lastStatus }) => lastStatus !== 'RUNNING')
  demand(waiting.length === 0, `${waiting.length} tasks are not running yet`)
  const sick = tasks.filter(({ healthStatus }) => healthStatus === 'UNHEALTHY')
  demand(sick.length === 0, `${sick.length} tasks are unhealthy`)
  return problems
}

/** `arn:…:task-definition/engine-node-1:7` → `engine-node-1:7` */
const short = (arn: string | undefined) => arn?.split('/').at(-1) ?? 'none'

export function flinkProblems(
  { deployment, application, versionId }: FlinkProof,
  detail: ApplicationDetail | undefined,
): string[] {
  if (!detail) return [`${deployment}: the application ${application} is not there`]
  const { ApplicationStatus: status, ApplicationVersionId: version } = detail
  const problems: string[] = []
  if (status !== 'RUNNING') problems.push(`${deployment}: its application is ${status}`)
  if (version !== versionId)
    problems.push(`${deployment}: its application is at version ${version}, not ${versionId}`)
  return problems
}

async function describeService({ ecs, ecsCluster: cluster }: Clouds, { service: name }: EcsProof) {
  const { DescribeServicesCommand, DescribeTasksCommand, paginateListTasks } =
    await import('@aws-sdk/client-ecs')
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }))
  const service = services?.[0]
  const tasks: Task[] = []
  if (service)
    for await (const { taskArns = [] } of paginateListTasks(
      { client: ecs, pageSize: 100 },
      { cluster, serviceName: service.serviceName, desiredStatus: 'RUNNING' },
    ))
      if (taskArns.length > 0) {
        const described = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))
        tasks.push(...(described.tasks ?? []))
      }
  return { service, tasks }
}

async function describe(
  { flink }: Clouds,
  { application }: FlinkProof,
): Promise<ApplicationDetail | undefined> {
  const { DescribeApplicationCommand, ResourceNotFoundException } =
    await import('@aws-sdk/client-kinesis-analytics-v2')
  try {
    const command = new DescribeApplicationCommand({ ApplicationName: application })
    return (await flink.send(command)).ApplicationDetail
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}
