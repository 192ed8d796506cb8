import { topics, type TopicSpec } from '@order-up/control'
import { createKafka, createRegistry, readTopic, type KafkaConfig, type Log } from '@order-up/kit'
import {
  AVRO_SCHEMAS,
  CONTROL_TRANSACTIONAL_ID,
  firstShares,
  RAW_TOPIC,
  SHARES_KEY,
  SHARES_TOPIC,
} from '@order-up/schemas'
import { kafkajs } from '@order-up/kit'
import type { Admin, Kafka } from 'kafkajs'
import { until } from './until.ts'

const { ConfigResourceTypes } = kafkajs

const FIRST_DEPLOYMENT = 'node-1'

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
    const count = existing.get(RAW_TOPIC) ?? partitions
    const wanted = topics({ partitions: count })
    const missing = wanted.filter(({ name }) => !existing.has(name))
    if (missing.length > 0)
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map(({ name, partitions, replicationFactor, configs }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
        })),
      })
    for (const { name } of missing)
      await until(() => isLed(admin, name), AbortSignal.timeout(20_000))
    const found = wanted.filter(({ name }) => existing.has(name))
    const configs = await describeConfigs(admin, found)
    return [
      ...(count === partitions
        ? []
        : [
            `the topics have ${count} partitions, not ${partitions}: the count is fixed for a topic's life`,
          ]),
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

/** Sets FULL_TRANSITIVE on both subjects and registers every schema of the contract. */
async function registerSchemas(url: string): Promise<void> {
  const registry = createRegistry(url)
  for (const [subject, schemas] of Object.entries(AVRO_SCHEMAS)) {
    await registry.setCompatibility(subject, 'FULL_TRANSITIVE')
    for (const schema of schemas) await registry.register(subject, schema)
  }
}

/** Writes epoch 1, all buckets to the Node engine, unless the shares topic holds an epoch already. */
export async function writeFirstShares(kafka: Kafka): Promise<void> {
  if (await holdsShares(kafka)) return
  const producer = kafka.producer({
    transactionalId: CONTROL_TRANSACTIONAL_ID,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  try {
    const transaction = await producer.transaction()
    const value = JSON.stringify(firstShares(FIRST_DEPLOYMENT))
    await transaction.send({ topic: SHARES_TOPIC, messages: [{ key: SHARES_KEY, value }] })
    await transaction.commit()
  } finally {
    await producer.disconnect()
  }
}

async function holdsShares(kafka: Kafka): Promise<boolean> {
  const admin = kafka.admin()
  await admin.connect()
  const [offsets] = await admin.fetchTopicOffsets(SHARES_TOPIC).finally(() => admin.disconnect())
  if (offsets?.high === '0') return false // saves a new stack the consumer group that reading takes
  let found = false
  await readTopic(kafka, SHARES_TOPIC, (records) => {
    found ||= records.some(({ value }) => value !== null)
  })
  return found
}

/**
 * All that must be there before a worker starts: topics, subjects, epoch 1. Does nothing where it is.
 * @returns a line for each thing that differs from what it should be
 */
export async function deploy(
  config: KafkaConfig,
  { partitions, log }: { partitions: number; log: Log },
): Promise<string[]> {
  const kafka = createKafka(config, 'order-up.deploy', log)
  const differing = await createTopics(kafka, partitions)
  await Promise.all([registerSchemas(config.SCHEMA_REGISTRY_URL), writeFirstShares(kafka)])
  return differing
}
