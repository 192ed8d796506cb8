import {
  changelogTopic,
  CURATED_TOPIC,
  DEPLOYMENTS,
  DLQ_TOPIC,
  RAW_TOPIC,
  REPORTS_TOPIC,
  SHARES_TOPIC,
  shadowDlqTopic,
  shadowTopic,
} from '@order-up/schemas'
import { engineOf, type DeploymentId } from './deployments.ts'

/** A topic as it must exist on the broker; `configs` holds every setting that the contract depends on. */
export interface TopicSpec {
  name: string
  partitions: number
  replicationFactor: number
  configs: Readonly<Record<string, string>>
}

export interface TopicOptions {
  /** of raw, curated, the dead letters and their shadows; fixed for the topics' life */
  partitions: number
  /** how long curated rows stay; default 30 days. The warehouse and raw are the lasting copies. */
  curatedRetentionMs?: number
  /** default 1: one broker on a laptop */
  replicationFactor?: number
}

const DAY_MS = 24 * 60 * 60 * 1_000
/** How long a swap can be taken back: see the contract, "The swap". */
const SHADOW_RETENTION_MS = 7 * DAY_MS
const FOR_EVER = -1

const RAW_MESSAGE_BYTES = 1_048_576
/**
 * A dead letter is a raw record and six headers more. The limit is on the batch as it is stored, so a raw record that
 * came compressed must fit as well when it is written again on its own.
 */
const DLQ_MESSAGE_BYTES = 8 * RAW_MESSAGE_BYTES
const STATE_BYTES = 8 * RAW_MESSAGE_BYTES

/** Every topic of the project with its settings: the one list, for the local stack and for the cloud. */
export function topics({
  partitions,
  curatedRetentionMs = 30 * DAY_MS,
  replicationFactor = 1,
}: TopicOptions): TopicSpec[] {
  const topic = (name: string, count: number, configs: Record<string, string>): TopicSpec => ({
    name,
    partitions: count,
    replicationFactor,
    configs: {
      // With event time as record time, a replay of old orders would be deleted on arrival.
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': String(Math.max(1, replicationFactor - 1)),
      ...configs,
    },
  })
  const log = (name: string, retentionMs: number, messageBytes = RAW_MESSAGE_BYTES) =>
    topic(name, partitions, {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs),
      // never by size: a busy day must not shorten what the contract promises in days
      'retention.bytes': '-1',
      'max.message.bytes': String(messageBytes),
    })
  const table = (name: string) => topic(name, 1, { 'cleanup.policy': 'compact' })
  /**
   * As Kafka Streams would make it, which then needs no right to: it takes a topic that is there as it finds it, if the
   * partitions are those of raw. Record time is its own business here: it restores it with each state.
   */
  const changelog = (name: string) =>
    topic(name, partitions, {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'CreateTime',
      // a state holds 16 bytes of each event of its order: the limit of a raw record would be that of 65,000 events
      'max.message.bytes': String(STATE_BYTES),
    })

  return [
    log(RAW_TOPIC, FOR_EVER),
    log(CURATED_TOPIC, curatedRetentionMs),
    log(DLQ_TOPIC, FOR_EVER, DLQ_MESSAGE_BYTES),
    table(SHARES_TOPIC),
    table(REPORTS_TOPIC),
    ...DEPLOYMENTS.flatMap((deployment) => [
      log(shadowTopic(deployment), SHADOW_RETENTION_MS),
      log(shadowDlqTopic(deployment), SHADOW_RETENTION_MS, DLQ_MESSAGE_BYTES),
      ...(engineOf(deployment as DeploymentId) === 'kafka-streams'
        ? [changelog(changelogTopic(deployment))]
        : []),
    ]),
  ]
}
