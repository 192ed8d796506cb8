import { spreadOf } from '../engines/summary.ts'
import { linesOf, shown } from '../engines/table.ts'

/** What an event costs in one stage. */
export interface Stage {
  name: string
  /** µs of CPU */
  micros: number
  /** it is a part of the stage before it, or takes its place: not part of the sum */
  aside?: boolean
}

/**
 * Passes over the same events, each of which does what the one before it does and one thing more: what each adds. A pass
 * that came out cheaper than the one before, as noise has it, adds 0.
 * @param passes name and µs of an event, of each round
 */
export function stagesOf(passes: readonly (readonly [name: string, rounds: readonly number[]])[]) {
  const medians = passes.map(([name, rounds]) => [name, spreadOf(rounds)!.median] as const)
  return medians.map(([name, micros], i): Stage => {
    const before = medians[i - 1]?.[1] ?? 0
    return { name, micros: Math.max(0, micros - before) }
  })
}

/** Of what an event goes through. */
export const sumOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { micros, aside }) => sum + (aside ? 0 : micros), 0)

/** In markdown. */
export const stageTable = (stages: readonly Stage[]): string =>
  linesOf([
    ['stage', 'µs of CPU an event'],
    ...stages.map(({ name, micros, aside }) => [aside ? `– ${name}` : name, shown(micros, 2)]),
    ['all of them', shown(sumOf(stages), 2)],
  ])
