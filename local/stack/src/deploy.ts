import { createTopics, registerSchemas, writeFirstShares } from '@order-up/control/operations'
import { createKafka, type KafkaConfig, type Log } from '@order-up/kit'

/** Owns everything on a new stack. */
export const FIRST_DEPLOYMENT = 'node-1'

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
  await Promise.all([
    registerSchemas(config.SCHEMA_REGISTRY_URL),
    writeFirstShares(kafka, FIRST_DEPLOYMENT),
  ])
  return differing
}
