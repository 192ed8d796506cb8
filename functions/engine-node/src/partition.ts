import { setTimeout as delay } from 'node:timers/promises'
import { RAW_TOPIC, transactionalIdPrefix } from '@order-up/schemas'
import {
  FencedError,
  messageOf,
  recordsOf,
  TerminalError,
  TimeLag,
  type Cursor,
  type FetchedBatches,
  type Log,
  type RecordList,
} from '@order-up/kit'
import type { Claim } from './lock.ts'
import { removeLog } from './log-files.ts'
import type { EngineMetrics } from './metrics.ts'
import { lastRecordOf, startOf, usable, type LastRecord, type Position } from './position.ts'
import type { RawIds } from './raw-ids.ts'
import type { Shares } from './shares.ts'
import type { Snapshots } from './snapshots.ts'
import { StateStore } from './state-log.ts'
import { step, type Step } from './step.ts'
import type { TransactionalProducer, Transport } from './transport.ts'

/** What all partitions of a worker share. */
export interface PartitionContext {
  deployment: string
  /** of the raw topic */
  partitions: number
  transport: Transport
  shares: Shares
  rawIds: RawIds
  curatedSchemaId: number
  snapshots: Snapshots | undefined
  /** a folder for its state, which is its own until it releases it */
  claimDir(partition: number): Promise<Claim>
  maxRecordsPerTransaction: number
  /** bytes of state that may wait for the next flush, of one partition */
  maxUnflushed: number
  /** of one partition's newest states, which are kept in memory; older ones are read from its files */
  stateMemoryBytes: number
  metrics: EngineMetrics
  log: Log
}

/** What a partition asks of the worker that holds it. */
export interface PartitionOwner {
  /** Something may be fetched that could not before. */
  onReady(): void
  /** The partition can't go on in this generation (fenced), or the worker can't go on at all (terminal). */
  onFailure(error: FencedError | TerminalError): void
}

const RETRY_MS = 500
/** Fetches that may wait: one is in hand, and one that came meanwhile is next. */
const MAX_QUEUED = 2

/** What one fetch has brought, and where the next one begins. */
interface Batch {
  records: RecordList
  next: number
  highWatermark: number
}

/**
 * One raw partition from its assignment to its loss: keeps its orders' state, and for every batch writes rows, dead
 * letters and the offset in one transaction.
 */
export class Partition implements Cursor {
  readonly topic = RAW_TOPIC
  readonly partition: number
  readonly #context: PartitionContext
  readonly #owner: PartitionOwner
  readonly #log: Log
  #producer: TransactionalProducer | undefined
  #store: StateStore | undefined
  /** of the folder that the store is in */
  #claim: Claim | undefined
  /** the offset to fetch next; undefined while not open */
  #expected: number | undefined
  /** records below are folded silently: their rows are in curated */
  #emitFrom = 0
  /** the state's last record, until it was seen again in raw */
  #unverified: LastRecord | null = null
  /** what the newest snapshot of this stay stands for */
  #snapshotAt = 0
  #queued = 0
  /** no kept state is of this log */
  #fromBeginning = false
  /** of what is emitted: records that are folded silently were committed before */
  #lag = new TimeLag(0)
  #tail: Promise<void> = Promise.resolve()
  #closed = false

  constructor(id: number, context: PartitionContext, owner: PartitionOwner) {
    this.partition = id
    this.#context = context
    this.#owner = owner
    this.#log = context.log.child({ partition: id })
  }

  /** Whether its records are being emitted, rather than waited for or folded silently. */
  get emitting(): boolean {
    return this.#expected !== undefined && this.#expected >= this.#emitFrom
  }

  /** Takes the partition over: until this has worked, it is tried again. */
  open(): Promise<void> {
    return this.#enqueue(() => this.#open())
  }

  get position(): number {
    return this.#expected ?? 0
  }

  isPaused(): boolean {
    return this.#expected === undefined || this.#closed || this.#queued >= MAX_QUEUED
  }

  take({ batches, aborted, high }: FetchedBatches): void {
    const from = this.#expected
    if (from === undefined) return // asked for before it failed
    const { list: records, next } = recordsOf(batches, from, aborted)
    this.#expected = next
    if (records.length > 0) {
      this.#queued++
      void this.#enqueue(() => this.#process({ records, next, highWatermark: high })).then(() => {
        this.#queued--
        this.#owner.onReady()
      })
    } else if (next > from)
      // markers, or what was aborted
      void this.#enqueue(async () => this.#lag.committed(Math.max(next, this.#emitFrom)))
  }

  outOfRange(): void {
    const wanted = this.#expected
    if (wanted === undefined) return
    this.#expected = undefined
    void this.#enqueue(async () => {
      const { low, high } = await this.#context.transport.offsets(this.partition)
      if (wanted < low || wanted > high)
        throw outOfRange(this.partition, `offset ${wanted}`, low, high)
      throw new Error(`offset ${wanted} was not held for a moment`)
    })
  }

  /** Writes what has changed since the last time to the state's files. */
  flush(): Promise<void> {
    return this.#enqueue(() => this.#flush())
  }

  async #flush(): Promise<void> {
    await this.#store?.flush().catch((cause: unknown) => this.#stateFailed(cause))
  }

  async snapshot(): Promise<void> {
    const { snapshots } = this.#context
    if (!snapshots || !this.#store || this.#expected === undefined) return
    if (this.#store.position.next === this.#snapshotAt) return
    try {
      this.#snapshotAt = await snapshots.save(this.partition, (dir) => this.#backup(dir))
    } catch (error) {
      this.#log.error({ why: messageOf(error) }, 'snapshot failed; the next one is tried in time')
    }
  }

  /** Begun between two transactions; the next one need not wait until it is done. */
  async #backup(dir: string): Promise<Position> {
    const begun = Promise.withResolvers<{ copied: Promise<Position> }>()
    await this.#enqueue(async () => begun.resolve({ copied: this.#store!.backup(dir) }))
    begun.reject(new Error('the partition was given up'))
    return (await begun.promise).copied
  }

  /** Lets the transaction in hand end, and puts the state away. */
  async close(): Promise<void> {
    this.#closed = true
    this.#expected = undefined
    await this.#tail
    await this.#flush()
    await Promise.all([this.#closeProducer(), this.#store?.close()])
    this.#store = undefined
    await this.#claim?.release()
    this.#context.metrics.lags.delete(this.partition)
    for (const gauge of [this.#context.metrics.lag, this.#context.metrics.offset])
      gauge.remove({ partition: this.partition })
  }

  /** Runs after all that was begun before; a failure ends the partition or starts it again, and is never thrown. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      if (this.#closed) return
      try {
        await work()
      } catch (error) {
        await this.#failed(error)
      }
    })
    return this.#tail
  }

  async #failed(error: unknown): Promise<void> {
    this.#expected = undefined // batches already queued find nothing to do
    this.#store?.rollback()
    if (error instanceof FencedError || error instanceof TerminalError) {
      if (error instanceof FencedError) this.#context.metrics.restarts.inc({ reason: 'fenced' })
      this.#closed = true
      return this.#owner.onFailure(error)
    }
    this.#context.metrics.restarts.inc({ reason: 'failed' })
    this.#log.warn({ why: messageOf(error) }, 'starting again from the committed offset')
    await this.#closeProducer()
    await delay(RETRY_MS)
    void this.open()
  }

  async #closeProducer(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close().catch(() => {}) // it is of no more use either way
  }

  // The order matters: a producer initialised first can't be overtaken by its predecessor's commit.
  async #open(): Promise<void> {
    const { transport, deployment } = this.#context
    this.#producer = await transport.producer(
      `${transactionalIdPrefix(deployment)}${this.partition}`,
    )
    const { low, high, committed } = await transport.offsets(this.partition)
    if (committed !== undefined && (committed < low || committed > high))
      throw outOfRange(this.partition, `committed offset ${committed}`, low, high)
    this.#emitFrom = committed ?? 0
    this.#lag = new TimeLag(this.#emitFrom)
    this.#context.metrics.lags.set(this.partition, this.#lag)
    this.#store ??= await this.#load(low)
    const { next, last } = this.#store.position
    if (last === null && low > 0) throw outOfRange(this.partition, 'the beginning', low, high)
    this.#seek(this.#unverified ? this.#unverified.offset : next)
    if (next < this.#emitFrom)
      this.#log.info({ from: next, to: this.#emitFrom }, 'folding silently to rebuild state')
  }

  #seek(offset: number): void {
    this.#expected = offset
    this.#owner.onReady()
  }

  /** The newest usable state: of the local file and the snapshots, else an empty one. */
  async #load(low: number): Promise<StateStore> {
    const { partitions, snapshots, stateMemoryBytes: memoryBytes } = this.#context
    this.#claim ??= await this.#context.claimDir(this.partition)
    const { dir } = this.#claim
    const open = () => StateStore.open(dir, startOf(partitions), { memoryBytes })
    if (this.#fromBeginning) {
      await removeLog(dir)
      return open()
    }
    const wanted = (position: Position) => usable(position, partitions, low, this.#emitFrom)

    let store = await open()
    const local = wanted(store.position) ? store.position.next : -1
    const newer = (position: Position) => wanted(position) && position.next > local
    if (await snapshots?.restore(this.partition, dir, newer, () => store.close())) {
      store = await open()
    } else if (local < 0) {
      await store.close()
      await removeLog(dir)
      store = await open()
    }
    this.#unverified = store.position.last
    return store
  }

  /** The log is not the one that the state was folded from. */
  async #discardState(): Promise<void> {
    this.#log.warn('raw does not hold the last record of the state: folding from the beginning')
    await this.#store?.close()
    this.#store = undefined
    this.#unverified = null
    this.#fromBeginning = true
    throw new Error('the state was of another log')
  }

  async #process({ records, next, highWatermark }: Batch): Promise<void> {
    if (this.#expected === undefined || !this.#store) return
    const { metrics, maxRecordsPerTransaction, rawIds } = this.#context
    if (this.#unverified) {
      const found = lastRecordOf(records, 0)
      if (found.offset !== this.#unverified.offset || found.sha256 !== this.#unverified.sha256)
        return this.#discardState()
      this.#unverified = null
    }
    await rawIds.refreshFor(records)
    const folded = this.#store.position.next
    let start = records.offsets.findIndex((offset) => offset >= folded)
    while (start >= 0 && start < records.length) {
      const end = Math.min(records.length, start + maxRecordsPerTransaction)
      start = await this.#apply(records, start, end, next)
      if (this.#closed) return
    }
    const { partition } = this
    metrics.lag.set({ partition }, Math.max(0, highWatermark - next))
    metrics.offset.set({ partition }, next)
    if (this.#store.unflushed >= this.#context.maxUnflushed) await this.#flush()
  }

  /**
   * One transaction.
   * @param next the offset behind the whole list
   * @returns the index behind what was folded
   */
  async #apply(records: RecordList, start: number, end: number, next: number): Promise<number> {
    const { shares, deployment, curatedSchemaId, partitions, rawIds } = this.#context
    const store = this.#store!
    const done = step(records, start, end, store, {
      deployment,
      partition: this.partition,
      partitions,
      ids: rawIds.ids,
      curatedSchemaId,
      owned: shares.owned,
      emitFrom: this.#emitFrom,
    })
    const { newer } = done
    if (done.end > start) {
      const last = done.end - 1
      const stands = records.offsets[done.end] ?? next
      if (records.offsets[last]! >= this.#emitFrom) {
        await this.#commit(done, stands)
        this.#measure(records, start, last, stands)
      } else this.#context.metrics.refolded.inc({ partition: this.partition }, done.end - start)
      store.commit(stands, lastRecordOf(records, last))
    }
    if (newer)
      throw new TerminalError(
        'NEWER_SCHEMA',
        `${RAW_TOPIC} partition ${this.partition} offset ${records.offsets[done.end]} is of schema version ${newer.version} (id ${newer.id}), which this engine does not know`,
        { remedy: 'deploy the engine of that version; nothing was skipped or dead-lettered' },
      )
    return done.end
  }

  async #commit({ out, counts }: Step, next: number): Promise<void> {
    const { metrics } = this.#context
    const producer = this.#producer!
    const end = metrics.transaction.startTimer()
    await producer.begin()
    for (const [topic, records] of out) await producer.send(topic, records)
    await producer.sendOffset(this.partition, next)
    await producer.commit()
    end()
    for (const [outcome, count] of Object.entries(counts))
      metrics.records.inc({ partition: this.partition, outcome }, count)
  }

  /** How long its records had waited, and how far the partition now is. */
  #measure({ offsets, timestamps }: RecordList, start: number, last: number, next: number): void {
    let oldest = start
    while (offsets[oldest]! < this.#emitFrom) oldest++
    this.#context.metrics.rawToCommitted.observe((Date.now() - timestamps[oldest]!) / 1_000)
    this.#lag.committed(next, timestamps[last])
  }

  #stateFailed(cause: unknown): void {
    this.#closed = true
    this.#owner.onFailure(
      new TerminalError('STATE', `The state of partition ${this.partition} cannot be written`, {
        cause,
        remedy: 'check STATE_DIR and the disk; the state is rebuilt from raw at the next start',
      }),
    )
  }
}

const outOfRange = (partition: number, what: string, low: number, high: number) =>
  new TerminalError(
    'OFFSET_OUT_OF_RANGE',
    `${RAW_TOPIC} partition ${partition} holds offsets ${low} to ${high}, not ${what}`,
    {
      remedy:
        'raw must keep everything (retention.ms=-1) or be as the snapshots know it; was the topic recreated?',
    },
  )
