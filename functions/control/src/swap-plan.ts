import type { SwapEvent } from './lambda-events.ts'
import type { ControlRecord } from './swap-record.ts'
import { inWords } from './swap-wishes.ts'

/** What a swap would do, for people: each line is a sentence without its stop. */
export interface SwapPlan {
  /** who owns what now, as `node-1 100 %`; 'nobody' = no epoch was written yet */
  from: string
  /** who is to own what */
  to: string
  /** empty = nothing changes */
  changes: string[]
  stays: string[]
  waitsFor: string[]
  /** whether and how it can be undone, and until when */
  undo: string
  /** in their order; what is done in each, what it waits for, and the way back from there */
  steps: { name: string; about: string }[]
  /** why it would be refused; empty = it would not be */
  refused: string[]
}

/** What is wanted of a swap, as far as a plan depends on it. */
export type PlannedSwap = Pick<SwapEvent, 'target' | 'running' | 'lagBound' | 'forced' | 'dead'>

/**
 * What a swap would do, without doing it.
 * @param current the newest epoch
 * @param verdictProblems what speaks against the verdict, where a cutover asks for one
 */
export function planSwap(
  current: ControlRecord | undefined,
  { target }: PlannedSwap,
  verdictProblems: readonly string[] = [],
): SwapPlan {
  return {
    from: current ? inWords(current.shares) : 'nobody',
    to: inWords(target),
    changes: [],
    stays: [],
    waitsFor: [],
    undo: '',
    steps: [],
    refused: [...verdictProblems],
  }
}
