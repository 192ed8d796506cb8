import { FencedError } from '@order-up/kit'

/**
 * librdkafka's codes for: a newer producer has taken over. Its own (fenced), and the broker's INVALID_PRODUCER_EPOCH,
 * INVALID_PRODUCER_ID_MAPPING and PRODUCER_FENCED, as kit's fencing.ts has them for kafkajs.
 */
const FENCED: ReadonlySet<unknown> = new Set([-144, 47, 49, 90])

/**
 * What the addon calls back with, or throws, as an error of ours.
 * @param fatal what it has said before, of its own accord: after that every call fails with no more than "fatal"
 */
export function nativeError(what: string, error: unknown, fatal?: unknown): Error {
  const cause = [error, fatal].find((e) => FENCED.has(codeOf(e)))
  if (cause !== undefined)
    return new FencedError('FENCED', 'A newer producer has taken over the transactional id', {
      cause,
    })
  const why = isMessage(error) ? `${error.message} (${String(codeOf(error))})` : String(error)
  return new Error(`${what}: ${why}`, { cause: error })
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

/** The addon's errors are no Errors. */
const isMessage = (error: unknown): error is { message: string } =>
  typeof error === 'object' && error !== null && 'message' in error
