import { messageOf } from '@order-up/kit'
import type { Engine } from '@order-up/schemas'
import type { EngineProgram } from '@order-up/stack'
import type { Lane, Measured } from './lane.ts'
import type { Heat } from './plan.ts'
import type { Run } from './summary.ts'
import type { Testbed } from './testbed.ts'

/** How one measure is taken. */
export interface Measuring {
  /** fills the log, once for all engines */
  prepare(bed: Testbed, lane: Pick<Lane, 'sizes' | 'signal'>): Promise<void>
  once(lane: Lane): Promise<Measured>
}

/** By engine; or why it cannot be run. */
export type Programs = ReadonlyMap<Engine, EngineProgram | Error>

/** A run that takes so many times what it should is given up. */
const PATIENCE = 5

/** Measures one engine once. Its failure is a result as well: it is said, and the others go on. */
export async function runHeat(
  { measure, contestant, round }: Heat,
  { once }: Pick<Measuring, 'once'>,
  { bed, sizes, programs, signal }: Pick<Lane, 'bed' | 'sizes' | 'signal'> & { programs: Programs },
): Promise<Run> {
  const start = performance.now()
  const limit = contestant.seconds * PATIENCE
  const late = AbortSignal.timeout(limit * 1_000)
  const measured = async () => {
    const program = programs.get(contestant.engine)!
    if (program instanceof Error) throw program
    const lane = { bed, program, contestant, round, sizes, signal: AbortSignal.any([signal, late]) }
    return { figures: await once(lane) }
  }
  const outcome = await measured().catch((error: unknown) => ({
    failure: late.aborted ? `not done within ${limit} s` : messageOf(error),
  }))
  const seconds = Math.round((performance.now() - start) / 1_000)
  return { measure, contestant: contestant.name, round, seconds, ...outcome }
}

/** A run in one line. */
export function outcomeOf({ seconds, figures = {}, failure }: Run): string {
  const shown = Object.entries(figures).map(
    ([name, value]) => `${value.toLocaleString('en')} ${name}`,
  )
  return `${failure === undefined ? shown.join(', ') : `failed: ${failure}`} (${seconds} s)`
}
