import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterOf, messageOf, type Log } from '@order-up/kit'
import type { Kafka } from 'kafkajs'

/** As much of kafkajs's cluster as is used here. */
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  findGroupCoordinator(group: { groupId: string }): Promise<{
    leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>
  }>
}

/**
 * Which members of the consumer group the workers of a folder are: a file for each worker, there from its join until it
 * has left. One that is killed leaves its file behind, and the group would wait for it until its session times out.
 */
const MEMBERS = 'members'

/** A worker's place: the folder that it shares with others, and which of them it is. */
export interface MemberPlace {
  dir: string
  /** from 1 on; 0 = it is alone */
  worker: number
}

/** Keeps the id for whoever starts after this worker. @throws the disk's own error */
export async function rememberMember(
  { dir, worker }: MemberPlace,
  memberId: string,
): Promise<void> {
  await mkdir(join(dir, MEMBERS), { recursive: true })
  await writeFile(join(dir, MEMBERS, String(worker)), memberId)
}

/** After it has left by itself. */
export async function forgetMember({ dir, worker }: MemberPlace): Promise<void> {
  await rm(join(dir, MEMBERS, String(worker)), { force: true })
}

/**
 * Lets the killed predecessors leave the group, so that their partitions are free at once: kafkajs has no static
 * membership, and any client may send LeaveGroup for any member. It is safe even for one that lives: exactly once rests
 * on the transactional id of each partition, not on who is a member, and a living member joins again.
 *
 * Whatever fails is logged and passed over: the session's timeout does the same, later.
 * @param worker only this one's; default all that shared the folder, also those of a greater number of workers
 */
export async function leaveForPredecessor(
  kafka: Kafka,
  groupId: string,
  { dir, worker }: Partial<MemberPlace> & Pick<MemberPlace, 'dir'>,
  log: Log,
): Promise<void> {
  try {
    const members = await remembered(dir, worker)
    if (members.length === 0) return
    const cluster = clusterOf(kafka) as unknown as Cluster
    await cluster.connect()
    try {
      const coordinator = await cluster.findGroupCoordinator({ groupId })
      for (const memberId of members)
        await coordinator.leaveGroup({ groupId, memberId }).then(
          () => log.info({ memberId }, 'a killed predecessor has left the group'),
          (error: unknown) => log.debug({ memberId, why: messageOf(error) }, 'had left'),
        )
    } finally {
      await cluster.disconnect()
    }
  } catch (error) {
    log.warn({ why: messageOf(error) }, 'a killed predecessor leaves the group by its timeout')
  }
}

async function remembered(dir: string, worker: number | undefined): Promise<string[]> {
  const folder = join(dir, MEMBERS)
  const files = worker === undefined ? await filesIn(folder) : [String(worker)]
  const members: string[] = []
  for (const file of files) {
    const memberId = await readFile(join(folder, file), 'utf8').catch(() => '')
    if (memberId !== '') members.push(memberId)
    await rm(join(folder, file), { force: true })
  }
  return members
}

const filesIn = (folder: string) =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
