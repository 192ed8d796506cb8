import { setTimeout as delay } from 'node:timers/promises'
import { isRetriable, messageOf, RetryableError } from '@order-up/kit'
import type { SwapAnswer, SwapEvent } from '../lambda-events.ts'
import { openSession, type Session } from './session.ts'
import { stepWithin, type SwapTools } from './step-swap.ts'

interface Carrying {
  signal: AbortSignal
  /** of every answer, also the last one, and of what is awaited while no broker or registry answers */
  onAnswer: (answer: SwapAnswer) => void
}

/** While nothing changes it is looked at again after so long. */
const LOOK_AGAIN_MS = 200
/** For so long in a row brokers or the registry may be away: longer than they take to come back from a crash. */
const AWAY_MS = 120_000
const RECONNECT_MS = 1_000
/** A step that is under way when the signal aborts is not cut off, unless it takes longer: it may hold a transaction. */
const GRACE_MS = 3_000

/**
 * Asks for step after step until the swap is done, or refused.
 * @throws the signal's reason once it aborts; the error itself where brokers or the registry are away for two minutes
 */
export async function carrySwap(
  tools: SwapTools,
  event: SwapEvent,
  { signal, onAnswer }: Carrying,
): Promise<SwapAnswer> {
  let session: Session | undefined
  let epoch: number | null = null
  let awaySince: number | undefined
  const step = async () => {
    session ??= await openSession(tools.kafka)
    return stepWithin(session, tools, event)
  }
  const close = async () => {
    await session?.close().catch(() => {}) // it may be gone already
    session = undefined
  }
  try {
    for (;;) {
      signal.throwIfAborted()
      try {
        const answer = await soonAfter(signal, step())
        awaySince = undefined
        epoch = answer.epoch
        onAnswer(answer)
        if (answer.state === 'done' || answer.state === 'refused') return answer
        if (answer.state === 'waiting') await delay(LOOK_AGAIN_MS, undefined, { signal })
      } catch (error) {
        signal.throwIfAborted()
        awaySince ??= Date.now()
        if (!passes(error) || Date.now() - awaySince > AWAY_MS) throw error
        onAnswer({ state: 'waiting', epoch, lines: [`an answer: ${messageOf(error)}`] })
        await close()
        await delay(RECONNECT_MS, undefined, { signal }).catch(() => {})
      }
    }
  } finally {
    await close()
  }
}

/** Whether a broker or the registry is away, rather than that something is wrong. */
const passes = (error: unknown) =>
  isRetriable(error) ||
  error instanceof RetryableError ||
  (error instanceof Error && error.name === 'KafkaJSNumberOfRetriesExceeded')

/** What was promised, but not much later than the signal aborts. @throws the signal's reason then */
async function soonAfter<T>(signal: AbortSignal, promised: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => {
    timer = setTimeout(() => reject(signal.reason), GRACE_MS)
  }
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promised, late])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
