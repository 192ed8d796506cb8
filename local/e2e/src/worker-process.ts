export { startWorker, type WorkerProcess } from '@order-up/stack/testing'

/** A broker that is away, or coming up, is waited for. */
function isOfKafka(error: unknown): false {
  if (error instanceof Error && error.name.startsWith('KafkaJS')) return false
  throw error
}

/** Polls a condition. @throws after `ms`, with what it was waiting for */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await condition().catch(isOfKafka))) {
    if (Date.now() > deadline) throw new Error(`after ${ms} ms still waiting: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
