import type { PartitionOffsets } from '@order-up/kit'
import type { IHeaders } from 'kafkajs'

/** A record of the raw topic as the engine sees it. */
export interface InRecord {
  offset: number
  partition: number
  key: Buffer | null
  value: Buffer | null
  headers: IHeaders | undefined
  /** when it was appended, epoch milliseconds in digits: as it came, since few of a transaction are looked at */
  timestamp: string
}

/** A record to write; its partition is that of the raw record, given with `send`. */
export interface OutRecord {
  key: Buffer | null
  value: Buffer | null
  headers: IHeaders
}

/** What one fetch brought of one partition, in offset order, read_committed. */
export interface InBatch {
  partition: number
  /** the offset that was asked for */
  fetchedOffset: number
  /** the offset to ask for next; past the last record where transaction markers or aborted records follow it */
  nextOffset: number
  highWatermark: number
  records: InRecord[]
}

/** What happens to a member of the consumer group. */
export interface GroupEvents {
  /**
   * The partitions of a new generation, all of them. Those not in `kept` are paused until `resume`.
   * @param rejoined this member is a new one to the group: others may have owned everything since
   */
  onAssigned(partitions: readonly number[], rejoined: boolean): void
  /** Back-pressure: the next fetch waits for the promise; heartbeats go on meanwhile. */
  onBatch(batch: InBatch): Promise<void>
  /** A fetch brought nothing but markers or aborted records. */
  onSkipped(partition: number, fetchedOffset: number, nextOffset: number): void
  /** The member has failed for good; joining again is up to the caller. */
  onCrash(error: Error): void
}

export interface GroupMember {
  /** Fetches the partition from this offset on; batches fetched earlier may still arrive. */
  seek(partition: number, offset: number): void
  resume(partition: number): void
  /** Leaves the group. */
  leave(): Promise<void>
}

/**
 * A producer that is alone with its transactional id. Every failure but FencedError leaves the outcome unknown: the
 * producer is then closed, never used again.
 */
export interface TransactionalProducer {
  begin(): Promise<void>
  send(topic: string, partition: number, records: readonly OutRecord[]): Promise<void>
  /** Makes the group's next offset part of the transaction. */
  sendOffset(partition: number, next: number): Promise<void>
  commit(): Promise<void>
  close(): Promise<void>
}

/** All of Kafka that the engine needs, so that the client library can be changed without touching the engine. */
export interface Transport {
  partitionCount(topic: string): Promise<number>
  /** Joins the engine's consumer group on the raw topic. */
  join(events: GroupEvents): Promise<GroupMember>
  offsets(partition: number): Promise<PartitionOffsets>
  /** By raw partition: the offset of the next record to be appended. */
  ends(): Promise<ReadonlyMap<number, number>>
  /** Initialises: fences the predecessor and settles what it left open. @throws FencedError */
  producer(transactionalId: string): Promise<TransactionalProducer>
  close(): Promise<void>
}
