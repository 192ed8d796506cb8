import { topics, type TopicSpec } from '@order-up/control'
import { CURATED_TOPIC, RAW_TOPIC } from '@order-up/schemas'

const DAY_MS = 24 * 60 * 60 * 1_000

/** How long the brokers' own disks keep what is in the lower tier as well: engines that are not far behind read it there. */
const LOCAL_MS: Readonly<Record<string, number>> = {
  [RAW_TOPIC]: 3 * DAY_MS,
  [CURATED_TOPIC]: 3 * DAY_MS,
}

export interface CloudTopicOptions {
  /** of every topic that carries orders */
  partitions: number
  replicationFactor: number
  /** the cluster has MSK's tiered storage */
  tiered: boolean
}

/**
 * The project's topics as they are made in the cloud. Raw and curated go to the lower tier, where there is one: raw is
 * kept for ever, and disks are not. MSK can't tier a compacted topic, and asks for a retention of three days at least.
 */
export const cloudTopics = ({
  tiered,
  partitions,
  replicationFactor,
}: CloudTopicOptions): TopicSpec[] =>
  topics({ partitions, replicationFactor }).map((topic) => {
    const local = LOCAL_MS[topic.name]
    if (!tiered || local === undefined) return topic
    return {
      ...topic,
      configs: {
        ...topic.configs,
        'remote.storage.enable': 'true',
        'local.retention.ms': String(local),
      },
    }
  })

/** As JSON with its keys in order, so that equal settings are equal text. */
export const configsText = (configs: TopicSpec['configs']): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(configs).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  )
