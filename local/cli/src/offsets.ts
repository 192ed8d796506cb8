import type { Admin } from 'kafkajs'

/** The offsets of one partition: what is kept begins at `low` and ends before `high`. */
export interface Watermarks {
  partition: number
  low: number
  high: number
}

export async function watermarksOf(admin: Admin, topic: string): Promise<Watermarks[]> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .toSorted((a, b) => a.partition - b.partition)
}

/** partition → the next offset that a group will read; absent where it never committed. */
export async function committedOf(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return new Map(
    (found?.partitions ?? [])
      .map(({ partition, offset }) => [partition, Number(offset)] as const)
      .filter(([, offset]) => offset >= 0),
  )
}
