import { setTimeout as delay } from 'node:timers/promises'
import { isRetriable } from './errors.ts'

const RETRY_MS = 100

/**
 * Asks again where a partition or a coordinator has moved, or a broker is coming up: with fresh metadata each time.
 * @param tries in all; default 20, two seconds
 * @param passes whether an error may be gone the next time; default: where kafkajs says so
 * @throws what the last attempt throws
 */
export async function again<T>(
  cluster: { refreshMetadata(): Promise<void> },
  attempt: () => Promise<T>,
  {
    tries = 20,
    passes = isRetriable,
  }: { tries?: number; passes?: (error: unknown) => boolean } = {},
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (!passes(error) || tried === tries) throw error
      await delay(RETRY_MS)
      await cluster.refreshMetadata().catch(() => {}) // the next attempt says what is wrong
    }
  }
}
