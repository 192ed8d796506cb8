import { FencedError, messageOf } from './errors.ts'

const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])
/** PRODUCER_FENCED, which kafkajs 2.2.4 does not know */
const FENCED_CODE = /error code 90\b/

/** What a transactional producer is asked for. @throws FencedError where the broker's answer means that */
export async function fencing<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (cause) {
    if (FENCED.has(kafkaErrorType(cause) ?? '') || FENCED_CODE.test(messageOf(cause)))
      throw new FencedError('FENCED', 'A newer producer has taken over the transactional id', {
        cause,
      })
    throw cause
  }
}

/** Kafka's name of the error; kafkajs wraps it when its retries run out. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if ('type' in e && typeof e.type === 'string') return e.type
  }
  return undefined
}
