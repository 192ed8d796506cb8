import type { EncodedRecords, FetchLoop, PartitionOffsets } from '@order-up/kit'

/** What happens to a member of the consumer group. */
export interface GroupEvents {
  /**
   * The partitions of a new generation, all of them.
   * @param rejoined this member is a new one to the group: others may have owned everything since
   */
  onAssigned(partitions: readonly number[], rejoined: boolean): void
  /** The member has failed for good; joining again is up to the caller. */
  onCrash(error: Error): void
}

export interface GroupMember {
  /** Leaves the group. */
  leave(): Promise<void>
}

/**
 * A producer that is alone with its transactional id. Every failure but FencedError leaves the outcome unknown: the
 * producer is then closed, never used again.
 */
export interface TransactionalProducer {
  begin(): Promise<void>
  send(topic: string, records: EncodedRecords): Promise<void>
  /** Makes the group's next offset part of the transaction. */
  sendOffset(partition: number, next: number): Promise<void>
  commit(): Promise<void>
  close(): Promise<void>
}

/** Initialises: fences the predecessor and settles what it left open. @throws FencedError */
export type ProducerFactory = (transactionalId: string) => Promise<TransactionalProducer>

/** All of Kafka that the engine needs, so that the client library can be changed without touching the engine. */
export interface Transport {
  partitionCount(topic: string): Promise<number>
  /** Joins the engine's consumer group on the raw topic. */
  join(events: GroupEvents): Promise<GroupMember>
  /** Reads partitions of raw: the group says which, and nothing else of it. Runs once it is told to. */
  reader(onTrouble: (why: string | undefined) => void): FetchLoop
  offsets(partition: number): Promise<PartitionOffsets>
  /** By raw partition: the offset of the next record to be appended. */
  ends(): Promise<ReadonlyMap<number, number>>
  readonly producer: ProducerFactory
  close(): Promise<void>
}
