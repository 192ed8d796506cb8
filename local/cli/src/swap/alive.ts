import { setTimeout as delay } from 'node:timers/promises'
import type { DeploymentId, Observation } from '@order-up/control'
import { healthOf, type Run } from '@order-up/stack'
import { isWorkerOf } from '../pipeline.ts'
import type { Scene } from './scene.ts'

/** What lives commits within that, while it has something to read. */
const LOOK_MS = 3_000

/** Why a deployment does not look dead; undefined = it does. What hangs looks dead after a moment. */
export async function signOfLife(scene: Scene, id: DeploymentId): Promise<string | undefined> {
  return scene.stack ? signInStack(scene.stack, id) : signInKafka(scene, id)
}

async function signInStack({ workers }: Run, id: DeploymentId): Promise<string | undefined> {
  const answers = workers
    .filter(({ name }) => isWorkerOf(id, name))
    .map(async ({ name, httpPort, pid }) => {
      if (httpPort === null) return []
      const health = await healthOf(httpPort)
      return health?.healthy ? [`${name} (pid ${pid}) answers and is healthy`] : []
    })
  const [sign] = (await Promise.all(answers)).flat()
  return sign
}

async function signInKafka({ look }: Scene, id: DeploymentId): Promise<string | undefined> {
  const before = await look([id])
  if ((before.deployments[id]?.instances ?? []).length === 0) return undefined
  await delay(LOOK_MS)
  return signOfCommits(before, await look([id]), id)
}

/** Whether it is seen to commit between two looks, or has had nothing to. */
export function signOfCommits(
  before: Observation,
  after: Observation,
  id: DeploymentId,
): string | undefined {
  const { instances = [], committed = [] } = after.deployments[id] ?? {}
  if (instances.length === 0) return undefined
  if (committed.some((offset, p) => offset > (before.deployments[id]?.committed[p] ?? 0)))
    return `${id} is in its group and commits`
  const hasRead = before.ends.every((end, p) => (committed[p] ?? 0) >= end)
  return hasRead ? `${id} is in its group and has read all there is` : undefined
}
