import { abortTransactions } from '@order-up/kit'
import type { Kafka } from 'kafkajs'
import { transactionalIdsOf, type DeploymentId } from '../deployments.ts'

/**
 * Aborts what deployments that are left behind hold open, so that readers go on at once. One that lives after all notices
 * it, and begins again where it has committed.
 * @returns a line for each of which something was open
 * @throws as abortTransactions
 */
export async function fence(kafka: Kafka, ids: readonly DeploymentId[]): Promise<string[]> {
  const lines: string[] = []
  for (const id of ids) {
    const { length } = await abortTransactions(kafka, transactionalIdsOf(id))
    if (length > 0) lines.push(`open transactions of ${id} aborted: ${length}`)
  }
  return lines
}
