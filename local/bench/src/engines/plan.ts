import { CONTESTANTS, MEASURES, type Contestant, type Measure } from './contestants.ts'

/** How much work a run of the benchmark is. */
export interface Sizes {
  /** times that each engine is measured; figures are the medians */
  runs: number
  /** of the throughput's log: so many orders of `eventsPerOrder` events each */
  orders: number
  eventsPerOrder: number
  /** how long an engine that has drained it is watched while nothing comes */
  idleSeconds: number
  /** events per second of the latency's load */
  rate: number
  warmUpSeconds: number
  measuredSeconds: number
  /** orders in state when the engine is killed */
  ordersInState: number
  /** events per second of the load around the kill */
  killRate: number
  /** how long an engine is under that load before it is killed */
  beforeKillSeconds: number
}

export const FULL: Sizes = {
  runs: 3,
  orders: 80_000,
  eventsPerOrder: 25,
  idleSeconds: 20,
  rate: 2_000,
  warmUpSeconds: 10,
  measuredSeconds: 20,
  ordersInState: 1_000_000,
  killRate: 200,
  beforeKillSeconds: 5,
}

/** Enough to see that everything works; its figures say nothing. */
export const QUICK: Sizes = {
  ...FULL,
  runs: 1,
  orders: 8_000,
  idleSeconds: 3,
  warmUpSeconds: 3,
  measuredSeconds: 5,
  ordersInState: 20_000,
  beforeKillSeconds: 3,
}

/** One engine measured once. */
export interface Heat {
  measure: Measure
  contestant: Contestant
  /** from 1 on */
  round: number
}

/**
 * Round after round, each with every engine: what the machine does over the time meets all of them alike. Each round
 * begins with another engine, so that none always comes after the same one.
 */
export const heatsOf = (measure: Measure, runs: number): Heat[] =>
  Array.from({ length: runs }, (_, round) =>
    rotated(CONTESTANTS[measure], round).map((contestant) => ({
      measure,
      contestant,
      round: round + 1,
    })),
  ).flat()

const rotated = <T>(list: readonly T[], by: number): T[] => {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

/**
 * A stack of its own for each measure, and the log that it is measured on. In recovery also the filling of each engine
 * with the orders in state: once for each, in the first round.
 */
const PREPARATION_SECONDS: Readonly<Record<Measure, number>> = {
  throughput: 40,
  latency: 12,
  recovery: 100,
}

/** How long a full run of these measures takes, about, on two cores. */
export function forecastSeconds(runs: number, measures: readonly Measure[] = MEASURES): number {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  return sum(
    measures.map(
      (measure) =>
        PREPARATION_SECONDS[measure] + runs * sum(CONTESTANTS[measure].map((c) => c.seconds)),
    ),
  )
}
