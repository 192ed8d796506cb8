import type { DeploymentId } from '@order-up/control'
import { createTopics, registerSchemas, writeFirstShares } from '@order-up/control/operations'
import { createKafka, type KafkaConfig, type Log } from '@order-up/kit'

/** Owns everything on a new stack, unless it is told otherwise. */
export const FIRST_DEPLOYMENT: DeploymentId = 'node-1'

/**
 * All that must be there before a worker starts: topics, subjects, epoch 1. Does nothing where it is.
 * @param owner of everything by epoch 1; default node-1
 * @returns a line for each thing that differs from what it should be
 */
export async function deploy(
  config: KafkaConfig,
  {
    partitions,
    owner = FIRST_DEPLOYMENT,
    log,
  }: { partitions: number; owner?: DeploymentId; log: Log },
): Promise<string[]> {
  const kafka = createKafka(config, 'order-up.deploy', log)
  const differing = await createTopics(kafka, partitions)
  await Promise.all([registerSchemas(config.SCHEMA_REGISTRY_URL), writeFirstShares(kafka, owner)])
  return differing
}
