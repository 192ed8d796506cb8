/** How many partitions the topics that carry orders are to have. */
export interface PartitionPlan {
  partitions: number
  /** where they can't have as many as are wanted */
  problem: string | undefined
}

/**
 * The partitions of raw, and with it of every topic that carries orders: what says where an order is, so neither raised
 * nor lowered while raw lasts.
 * @param existing raw's own count; undefined = there is no raw yet
 */
export function planPartitions({
  wanted,
  existing,
}: {
  wanted: number
  existing: number | undefined
}): PartitionPlan {
  const partitions = existing ?? wanted
  if (partitions === wanted) return { partitions, problem: undefined }
  return {
    partitions,
    problem: `the topics have ${partitions} partitions, not ${wanted}: the count is fixed for a topic's life`,
  }
}
