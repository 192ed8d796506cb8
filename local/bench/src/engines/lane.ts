import { setTimeout as delay } from 'node:timers/promises'
import type { EngineProgram } from '@order-up/stack'
import type { Contestant } from './contestants.ts'
import type { Sizes } from './plan.ts'
import type { Testbed } from './testbed.ts'

/** What one run is made with. */
export interface Lane {
  bed: Testbed
  program: EngineProgram
  contestant: Contestant
  round: number
  sizes: Sizes
  /** ends the run: its time is up, or nobody waits for it any more */
  signal: AbortSignal
}

/** Figures by name and unit; one that could not be measured is left out. */
export type Measured = Record<string, number>

/** Passes the time. @throws the signal's reason as soon as it aborts */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}
