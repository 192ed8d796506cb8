import { kafkajs, until } from '@order-up/kit'
import { RAW_TOPIC } from '@order-up/schemas'
import type { Admin, Kafka } from 'kafkajs'
import { planPartitions } from '../partitions.ts'
import { topics, type TopicSpec } from '../topics.ts'

const { ConfigResourceTypes } = kafkajs

/**
 * Creates what is missing of the topics, with the contract's settings. What exists is left as it is.
 * @param partitions for topics that do not exist yet; where raw exists, its own count wins
 * @returns a line for each topic that differs from what it should be
 */
export async function createTopics(kafka: Kafka, partitions: number): Promise<string[]> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const existing = await partitionCounts(admin)
    const plan = planPartitions({ wanted: partitions, existing: existing.get(RAW_TOPIC) })
    const wanted = topics({ partitions: plan.partitions })
    const missing = wanted.filter(({ name }) => !existing.has(name))
    await makeTopics(admin, missing)
    const found = wanted.filter(({ name }) => existing.has(name))
    const configs = await describeConfigs(admin, found)
    return [
      ...(plan.problem === undefined ? [] : [plan.problem]),
      ...found.flatMap(({ name, partitions, configs: wantedConfigs }) =>
        differences(
          name,
          { ...wantedConfigs, partitions: String(partitions) },
          { ...configs.get(name), partitions: String(existing.get(name)) },
        ),
      ),
    ]
  } finally {
    await admin.disconnect()
  }
}

/** Creates topics and waits until they take requests. Those that exist are left as they are. */
export async function makeTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return
  await admin.createTopics({
    // kafkajs's own wait gives up at once where a broker under load does not know the topic yet
    waitForLeaders: false,
    topics: specs.map(({ name, partitions, replicationFactor, configs }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })),
  })
  for (const { name } of specs) await until(() => isLed(admin, name), AbortSignal.timeout(20_000))
}

/** The broker lists a topic's leaders a moment before they take requests, which the first writer or reader would meet. */
async function isLed(admin: Admin, topic: string): Promise<boolean> {
  try {
    await admin.fetchTopicOffsets(topic)
    return true
  } catch (error) {
    if (error instanceof kafkajs.KafkaJSError && error.retriable) return false
    throw error
  }
}

async function partitionCounts(admin: Admin): Promise<ReadonlyMap<string, number>> {
  const { topics } = await admin.fetchTopicMetadata()
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}

async function describeConfigs(
  admin: Admin,
  specs: readonly TopicSpec[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  if (specs.length === 0) return new Map()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map(({ name, configs }) => ({
      type: ConfigResourceTypes.TOPIC,
      name,
      configNames: Object.keys(configs),
    })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map((entry) => [entry.configName, entry.configValue])),
    ]),
  )
}

type Settings = Readonly<Record<string, string>>

function differences(topic: string, wanted: Settings, actual: Settings): string[] {
  return Object.entries(wanted)
    .filter(([key, value]) => actual[key] !== value)
    .map(([key, value]) => `topic ${topic} has ${key}=${actual[key]}, not ${value}; left as it is`)
}
