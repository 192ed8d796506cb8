import type { Kafka } from 'kafkajs'
import { setTimeout as delay } from 'node:timers/promises'
import type { SwapAnswer, SwapEvent } from '../lambda-events.ts'
import { stepSwap, type SwapTools } from './step-swap.ts'

export interface Lease {
  /** what is wanted, for whoever comes second: as `swap --to flink-1` */
  what: string
  signal: AbortSignal
  /** of what takes a while: a line for people */
  say: (line: string) => void
}

/**
 * Runs `use` as the one who carries a swap by hand.
 * @throws OrderUpError `SWAP_CARRIED` where another does
 */
export async function asCarrier<T>(
  _kafka: Kafka,
  { signal }: Lease,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return use(signal)
}

interface Carrying {
  signal: AbortSignal
  /** of every answer, also the last one */
  onAnswer: (answer: SwapAnswer) => void
}

/** While nothing changes it is looked at again after so long. */
const LOOK_AGAIN_MS = 200

/**
 * Asks for step after step until the swap is done, or refused.
 * @throws the signal's reason once it aborts
 */
export async function carrySwap(
  tools: SwapTools,
  event: SwapEvent,
  { signal, onAnswer }: Carrying,
): Promise<SwapAnswer> {
  for (;;) {
    signal.throwIfAborted()
    const answer = await stepSwap(tools, event)
    onAnswer(answer)
    if (answer.state === 'done' || answer.state === 'refused') return answer
    if (answer.state === 'waiting') await delay(LOOK_AGAIN_MS, undefined, { signal })
  }
}
