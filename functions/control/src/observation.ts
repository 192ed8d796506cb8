import type { DeploymentId } from './deployments.ts'
import type { ControlRecord } from './swap-record.ts'

/** What one deployment is seen to do. */
export interface DeploymentState {
  /**
   * its live instances, with the newest epoch that each has reported; empty = none runs, or none has reported. Of Flink,
   * all that have reported, live or not.
   */
  instances: readonly { instance: string; epoch: number | undefined }[]
  /** by raw partition: the next offset to read, moved on over what holds no data record; never committed = the first */
  committed: readonly number[]
}

/** What is seen of the running system, in one look. */
export interface Observation {
  /** the newest epoch; undefined = the topic is empty */
  current: ControlRecord | undefined
  /** by raw partition: the end of what a read_committed reader can see, taken after the reports were read */
  ends: readonly number[]
  deployments: Readonly<Partial<Record<DeploymentId, DeploymentState>>>
  /** epoch milliseconds */
  now: number
}

/** Whether no instance of it is seen. */
export const isGone = (seen: Observation, id: DeploymentId) =>
  (seen.deployments[id]?.instances ?? []).length === 0

/** Which of its instances have yet to report an epoch, in words; empty = none. */
export function unreported(seen: Observation, id: DeploymentId, epoch: number): string[] {
  if (isGone(seen, id)) return [`${id} to report epoch ${epoch}: no instance of it is seen`]
  return seen.deployments[id]!.instances.filter((i) => (i.epoch ?? 0) < epoch).map(
    (i) => `${id}/${i.instance} to report epoch ${epoch}: it is at ${i.epoch ?? 'none'}`,
  )
}

/** On which partitions it has yet to commit these offsets, in words; empty = on none. */
export function below(seen: Observation, id: DeploymentId, offsets: readonly number[]): string[] {
  return offsets.flatMap((offset, partition) => {
    const committed = committedOf(seen, id, partition)
    if (committed >= offset) return []
    const gone = isGone(seen, id) ? '; no instance of it is seen' : ''
    return [
      `${id} to commit offset ${offset} of partition ${partition}: it is at ${committed}${gone}`,
    ]
  })
}

/** Whether it is further behind the ends of raw than that many records, in words; empty = it is not. */
export function lagging(seen: Observation, id: DeploymentId, bound: number): string[] {
  const lag = recordsTo(seen, id, seen.ends)
  return lag <= bound ? [] : [`${id} to catch up: ${lag} records behind, at most ${bound} allowed`]
}

/** Over all partitions: how many records lie between what it has committed and these offsets. */
export const recordsTo = (seen: Observation, id: DeploymentId, offsets: readonly number[]) =>
  offsets.reduce((sum, offset, p) => sum + Math.max(0, offset - committedOf(seen, id, p)), 0)

/** How far every outgoing has come, at most to the sample: lower where one that is gone is left behind. */
export const passedBy = (
  seen: Observation,
  ids: readonly DeploymentId[],
  sampled: readonly number[],
) => sampled.map((offset, p) => Math.min(offset, ...ids.map((id) => committedOf(seen, id, p))))

const committedOf = (seen: Observation, id: DeploymentId, partition: number) =>
  seen.deployments[id]?.committed[partition] ?? 0
