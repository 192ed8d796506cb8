/** What a reader could see at a moment, and what it had cost until then. */
export interface Sample {
  /** milliseconds */
  at: number
  /** rows that a read_committed reader can see */
  visible: number
  /** CPU-seconds, since the process began */
  engineCpu: number
  brokerCpu: number
}

/** The time in which every commit of a step shows on all partitions. */
const ONE_COMMIT_MS = 300

/**
 * The part of a run in which the engine had work all the time, from the end of one commit to the end of another: from
 * the first tenth of the rows to the last commit that came while work remained. What comes after that waits for the
 * clock rather than for the engine, where an engine commits in steps of a second.
 * @param changes a sample for each time that more was visible, in their order
 * @returns undefined where there was too little work for two commits
 */
export function steadyPart(
  changes: readonly Sample[],
  total: number,
): { from: Sample; to: Sample } | undefined {
  const last = changes.at(-1)
  const tenth = changes.find(({ visible }) => visible >= total / 10)
  if (!last || !tenth) return undefined
  const from = changes.findLast(({ at }) => at <= tenth.at + ONE_COMMIT_MS)
  const to = changes.findLast(({ at }) => at < last.at - ONE_COMMIT_MS)
  return from && to && to.at > from.at ? { from, to } : undefined
}

/** Of the steady part; per 1M rows where they are costs. */
export interface SteadyFigures {
  rowsPerSecond: number
  engineCpu: number
  brokerCpu: number
}

export function steadyFigures(
  changes: readonly Sample[],
  total: number,
): SteadyFigures | undefined {
  const part = steadyPart(changes, total)
  if (!part) return undefined
  const { from, to } = part
  const rows = to.visible - from.visible
  const perMillion = (seconds: number) => (seconds / rows) * 1e6
  return {
    rowsPerSecond: (rows / (to.at - from.at)) * 1_000,
    engineCpu: perMillion(to.engineCpu - from.engineCpu),
    brokerCpu: perMillion(to.brokerCpu - from.brokerCpu),
  }
}
