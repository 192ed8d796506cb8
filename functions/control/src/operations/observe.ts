import { groupOffsets, nextRecord, type Fetcher } from '@order-up/kit'
import { engineGroup, RAW_TOPIC, REPORTS_TOPIC } from '@order-up/schemas'
import type { Admin } from 'kafkajs'
import { z } from 'zod'
import { engineOf, type DeploymentId } from '../deployments.ts'
import type { ControlRecord } from '../swap-record.ts'
import type { DeploymentState, Observation } from '../observation.ts'

const Report = z.object({ epoch: z.int() })

/** The newest epoch that each worker has reported, by `<deployment>/<instance>`; undefined = none that can be read. */
export type Reports = ReadonlyMap<string, number | undefined>

/**
 * Looks at the running system once, in the order that a swap's samples depend on: reports before the ends of raw.
 * @param current the newest epoch, as read before
 * @param ids the deployments to look at
 */
export async function observe(
  { admin, fetcher }: { admin: Admin; fetcher: Fetcher },
  current: ControlRecord | undefined,
  ids: readonly DeploymentId[],
): Promise<Observation> {
  const reports = await readReports(fetcher)
  const members = await membersOf(admin, ids)
  const ends = await fetcher.lastStableOffsets(RAW_TOPIC)
  const states = ids.map(async (id): Promise<[DeploymentId, DeploymentState]> => [
    id,
    {
      instances: liveInstances(id, members.get(id) ?? [], reports),
      committed: await committedBy(admin, fetcher, id, ends),
    },
  ])
  return {
    current,
    ends,
    deployments: Object.fromEntries(await Promise.all(states)),
    now: Date.now(),
  }
}

async function readReports(fetcher: Fetcher): Promise<Reports> {
  const [from = 0] = await fetcher.beginnings(REPORTS_TOPIC)
  const [to = 0] = await fetcher.lastStableOffsets(REPORTS_TOPIC)
  const reports = new Map<string, number | undefined>()
  for await (const { records } of fetcher.read(REPORTS_TOPIC, { partition: 0, from, to }))
    for (const { key, value } of records) {
      if (key === null) continue
      if (value === null) reports.delete(key.toString())
      else reports.set(key.toString(), epochIn(value))
    }
  return reports
}

function epochIn(value: Buffer): number | undefined {
  try {
    return Report.parse(JSON.parse(value.toString())).epoch
  } catch {
    return undefined // whoever wrote that has reported no epoch
  }
}

/** Client ids of the members of each deployment's group. */
async function membersOf(
  admin: Admin,
  ids: readonly DeploymentId[],
): Promise<ReadonlyMap<DeploymentId, string[]>> {
  const { groups } = await admin.describeGroups(ids.map(engineGroup))
  return new Map(
    ids.map((id) => [
      id,
      groups
        .filter(({ groupId }) => groupId === engineGroup(id))
        .flatMap(({ members }) => members.map(({ clientId }) => clientId)),
    ]),
  )
}

/**
 * The instances of a deployment that run, with what each has reported. A member of the consumer group is one: its client
 * id is `<deployment>/<instance>`, with a suffix for each thread of Kafka Streams. A member that has reported nothing
 * counts as one at no epoch, whatever it is: it holds partitions. Flink's readers are in no group, so that there
 * whoever has reported is taken to run.
 * @param clientIds of the group's members
 */
export function liveInstances(
  id: DeploymentId,
  clientIds: readonly string[],
  reports: Reports,
): DeploymentState['instances'] {
  const prefix = `${id}/`
  const reporters = [...reports.keys()].filter((key) => key.startsWith(prefix))
  const isOf = (clientId: string, key: string) => clientId === key || clientId.startsWith(`${key}-`)
  const keys =
    engineOf(id) === 'flink'
      ? reporters
      : clientIds.map(
          (clientId) =>
            // of `a` and `a-b`, the thread `a-b-1` is of the latter
            reporters
              .filter((key) => isOf(clientId, key))
              .toSorted((a, b) => b.length - a.length)[0] ?? clientId,
        )
  return [...new Set(keys)].toSorted().map((key) => ({
    instance: key.startsWith(prefix) ? key.slice(prefix.length) : key,
    epoch: reports.get(key),
  }))
}

/** By partition: the next offset that the deployment has to read, past what no reader is shown. */
async function committedBy(
  admin: Admin,
  fetcher: Fetcher,
  id: DeploymentId,
  ends: readonly number[],
): Promise<number[]> {
  const offsets = await groupOffsets(admin, engineGroup(id), RAW_TOPIC)
  return Promise.all(
    offsets.map(({ partition, committed, low }) =>
      nextRecord(fetcher, RAW_TOPIC, {
        partition,
        from: Math.max(low, committed ?? low),
        to: ends[partition] ?? 0,
      }),
    ),
  )
}
