import { messageOf, TerminalError, type FencedError, type FetchLoop } from '@order-up/kit'
import { Partition, type PartitionContext } from './partition.ts'
import type { GroupEvents, GroupMember } from './transport.ts'

/**
 * One stay in the consumer group: holds a Partition for each that is assigned. It ends by `leave`, or by itself when
 * a partition is fenced or the member fails; the worker then joins again as a new member, since within a generation a
 * fenced partition must not be initialised again.
 */
export class Membership implements GroupEvents {
  readonly #context: PartitionContext
  readonly #partitions = new Map<number, Partition>()
  /** lost partitions that are still being put away: a new stay in them waits */
  readonly #closing = new Map<number, Promise<void>>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #reader: FetchLoop
  readonly #reading: Promise<void>
  readonly #stopReading = new AbortController()
  #member: GroupMember | undefined
  #joined = false
  #left = false

  private constructor(context: PartitionContext) {
    this.#context = context
    this.#ended.promise.catch(() => {}) // also awaited by the worker
    this.#reader = context.transport.reader((why) => {
      if (why !== undefined) context.log.warn({ why }, 'waiting for raw')
    })
    this.#reading = this.#reader.run(this.#stopReading.signal).catch((error: unknown) => {
      if (error instanceof TerminalError) this.#ended.reject(error)
      else this.onCrash(error instanceof Error ? error : new Error(messageOf(error)))
    })
  }

  static async join(context: PartitionContext): Promise<Membership> {
    const membership = new Membership(context)
    try {
      membership.#member = await context.transport.join(membership)
    } catch (error) {
      await membership.leave()
      throw error
    }
    return membership
  }

  /** Resolves when joining again makes sense; rejects with a TerminalError. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get joined(): boolean {
    return this.#joined
  }

  get partitions(): ReadonlyMap<number, Partition> {
    return this.#partitions
  }

  async leave(): Promise<void> {
    this.#left = true
    this.#stopReading.abort()
    await this.#closeAll()
    await Promise.all([this.#member?.leave(), this.#reading])
  }

  onAssigned(assigned: readonly number[], rejoined: boolean): void {
    // while partitions are put away the group may be joined once more: nobody would close what is opened then, which
    // would fence whoever holds the partitions next, again and again
    if (this.#left) return
    this.#joined = true
    for (const id of this.#partitions.keys()) {
      if (rejoined || !assigned.includes(id)) this.#close(id)
    }
    const added = assigned.filter((id) => !this.#partitions.has(id))
    for (const id of added) this.#open(id)
    this.#context.log.info({ partitions: assigned, added }, 'assigned')
  }

  onCrash(error: Error): void {
    this.#context.log.warn({ why: error.message }, 'lost the consumer group')
    this.#ended.resolve()
  }

  #open(id: number): void {
    const partition = new Partition(id, this.#context, {
      onReady: () => this.#reader.wake(),
      onFailure: (error) => this.#failed(error),
    })
    this.#reader.cursors.add(partition)
    this.#partitions.set(id, partition)
    const before = this.#closing.get(id) ?? Promise.resolve()
    void before.then(() => partition.open())
  }

  #failed(error: FencedError | TerminalError): void {
    if (error instanceof TerminalError) this.#ended.reject(error)
    else {
      this.#context.log.warn({ why: error.message }, 'fenced: joining again')
      this.#ended.resolve()
    }
  }

  #close(id: number): void {
    const partition = this.#partitions.get(id)!
    this.#partitions.delete(id)
    this.#reader.cursors.delete(partition)
    const closed = partition.close()
    this.#closing.set(
      id,
      closed.finally(() => this.#closing.delete(id)),
    )
  }

  async #closeAll(): Promise<void> {
    for (const id of this.#partitions.keys()) this.#close(id)
    await Promise.all(this.#closing.values())
  }
}
