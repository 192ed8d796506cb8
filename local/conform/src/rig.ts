import {
  createKafka,
  createRegistry,
  KafkaConfig,
  openFetcher,
  parseConfig,
  silentLog,
  type Fetcher,
  type Registry,
} from '@order-up/kit'
import { CURATED_SUBJECT, currentSchema, RAW_SUBJECT } from '@order-up/schemas'
import type { Stack } from '@order-up/stack'
import type { Admin, Kafka, Producer } from 'kafkajs'
import type { Target } from './raw-records.ts'
import { openRegistryGate, type RegistryGate } from './registry-gate.ts'

/** of raw, and of all that follows it */
export const PARTITIONS = 4

/** What runs, and what reaches it. */
export interface Rig {
  stack: Stack
  dir: string
  gate: RegistryGate
  kafka: Kafka
  registry: Registry
  admin: Admin
  fetcher: Fetcher
  producer: Producer
  target: Target
  curatedId: number
}

/** Connects to all of a stack that the kit uses. */
export async function connect(stack: Stack): Promise<Omit<Rig, 'dir'>> {
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  const kafka = createKafka(config, 'order-up.conform', silentLog())
  const registry = createRegistry(stack.registryUrl)
  const admin = kafka.admin()
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false })
  const [schemaId, curatedId, gate, fetcher] = await Promise.all([
    registry.idOf(RAW_SUBJECT, currentSchema(RAW_SUBJECT)),
    registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT)),
    openRegistryGate(stack.registryUrl),
    openFetcher(kafka),
    admin.connect(),
    producer.connect(),
  ])
  const target = { partitions: PARTITIONS, schemaId }
  return { stack, gate, kafka, registry, admin, fetcher, producer, target, curatedId }
}
