import { FetchLoop, groupOffsets, watermarksOf } from '@order-up/kit'
import type { Admin, Kafka } from 'kafkajs'
import type { GroupEvents, GroupMember, ProducerFactory, Transport } from './transport.ts'

export interface KafkaOptions {
  groupId: string
  topic: string
  /** after which the group gives a silent member's partitions away; the broker's minimum is 6 s */
  sessionTimeoutMs: number
  /** bounds what one partition brings in one fetch */
  maxBytesPerPartition: number
  /** told by which id the group knows this member, whenever that is another one */
  onMember(memberId: string): void
}

const HEARTBEAT_MS = 1_000
/** How often a member that fetches nothing looks whether a heartbeat is due. */
const LOOK_MS = 500

/**
 * The transport: kafkajs 2.2.4 is the group's member and the connections to brokers; records come and go as bytes.
 * @param producer what writes
 */
export async function kafkaTransport(
  kafka: Kafka,
  options: KafkaOptions,
  producer: ProducerFactory,
): Promise<Transport> {
  const { topic, groupId, maxBytesPerPartition: maxPartitionBytes } = options
  const admin = kafka.admin()
  await admin.connect()
  return {
    partitionCount: (name) => partitionCount(admin, name),
    join: (events) => join(kafka, options, events),
    reader: (onTrouble) => new FetchLoop(kafka, { maxPartitionBytes, onTrouble }),
    async offsets(partition) {
      const found = (await groupOffsets(admin, groupId, topic)).find(
        (o) => o.partition === partition,
      )
      if (!found) throw new Error(`${topic} has no partition ${partition}`)
      return found
    },
    async ends() {
      const watermarks = await watermarksOf(admin, topic)
      return new Map(watermarks.map(({ partition, high }) => [partition, high]))
    },
    producer,
    close: () => admin.disconnect(),
  }
}

async function partitionCount(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return topics[0]!.partitions.length
}

/** The member fetches nothing: all its partitions are paused, and are read by a FetchLoop. */
async function join(
  kafka: Kafka,
  { groupId, topic, sessionTimeoutMs, onMember }: KafkaOptions,
  events: GroupEvents,
): Promise<GroupMember> {
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(10_000, sessionTimeoutMs),
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: LOOK_MS,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
  let memberId: string | undefined
  consumer.on('consumer.group_join', ({ payload }) => {
    const rejoined = payload.memberId !== memberId
    memberId = payload.memberId
    if (rejoined) onMember(memberId)
    const assigned = payload.memberAssignment[topic] ?? []
    if (assigned.length > 0) consumer.pause([{ topic, partitions: assigned }])
    events.onAssigned(assigned, rejoined)
  })
  consumer.on('consumer.crash', ({ payload }) => events.onCrash(payload.error))

  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() })
  return { leave: () => consumer.disconnect() }
}
