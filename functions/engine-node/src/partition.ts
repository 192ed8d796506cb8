import { setTimeout as delay } from 'node:timers/promises'
import { decodeRaw, RAW_TOPIC, transactionalIdPrefix } from '@order-up/schemas'
import { FencedError, messageOf, TerminalError, TimeLag, type Log } from '@order-up/kit'
import type { EngineMetrics } from './metrics.ts'
import { lastRecordOf, startOf, usable, type LastRecord, type Position } from './position.ts'
import type { RawIds } from './raw-ids.ts'
import type { Shares } from './shares.ts'
import type { Snapshots } from './snapshots.ts'
import { removeState, StateStore } from './state-store.ts'
import { step, type Step } from './step.ts'
import type { InBatch, InRecord, TransactionalProducer, Transport } from './transport.ts'

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
  stateDir(partition: number): string
  maxRecordsPerTransaction: number
  /** orders that may wait for the next flush, of one partition: about 1 KB each, twice */
  maxUnflushed: number
  metrics: EngineMetrics
  log: Log
}

/** What a partition asks of the worker that holds it. */
export interface PartitionOwner {
  /** Fetch from this offset on, from now on. */
  seek(partition: number, offset: number): void
  /** The partition can't go on in this generation (fenced), or the worker can't go on at all (terminal). */
  onFailure(error: FencedError | TerminalError): void
}

const RETRY_MS = 500

/**
 * One raw partition from its assignment to its loss: keeps its orders' state, and for every batch writes rows, dead
 * letters and the offset in one transaction.
 */
export class Partition {
  readonly #id: number
  readonly #context: PartitionContext
  readonly #owner: PartitionOwner
  readonly #log: Log
  #producer: TransactionalProducer | undefined
  #store: StateStore | undefined
  /** the offset that the next batch must have been fetched from; undefined while not open */
  #expected: number | undefined
  /** records below are folded silently: their rows are in curated */
  #emitFrom = 0
  /** the state's last record, until it was seen again in raw */
  #unverified: LastRecord | null = null
  /** what the newest snapshot of this stay stands for */
  #snapshotAt = 0
  #mismatches = 0
  /** no kept state is of this log */
  #fromBeginning = false
  /** of what is emitted: records that are folded silently were committed before */
  #lag = new TimeLag(0)
  #tail: Promise<void> = Promise.resolve()
  #closed = false

  constructor(id: number, context: PartitionContext, owner: PartitionOwner) {
    this.#id = id
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

  /**
   * Takes a batch in. The promise is back-pressure: it resolves when the batch before this one is done.
   */
  take(batch: InBatch): Promise<void> {
    if (this.#expected === undefined || this.#closed) return Promise.resolve()
    if (batch.fetchedOffset !== this.#expected) return this.#mismatch(batch)
    this.#mismatches = 0
    this.#expected = batch.nextOffset
    const before = this.#tail
    void this.#enqueue(() => this.#process(batch))
    return before
  }

  /** A fetch brought nothing to fold. */
  skip(fetchedOffset: number, nextOffset: number): void {
    if (
      this.#expected !== undefined &&
      fetchedOffset <= this.#expected &&
      nextOffset > this.#expected
    ) {
      this.#expected = nextOffset
      void this.#enqueue(async () => this.#lag.committed(Math.max(nextOffset, this.#emitFrom)))
    }
  }

  /** Writes what has changed since the last time to the state file. */
  async flush(): Promise<void> {
    await this.#store?.flush().catch((cause: unknown) => this.#stateFailed(cause))
  }

  async snapshot(): Promise<void> {
    const { snapshots } = this.#context
    if (!snapshots || !this.#store || this.#expected === undefined) return
    if (this.#store.position.next === this.#snapshotAt) return
    try {
      this.#snapshotAt = await snapshots.save(this.#id, this.#store)
    } catch (error) {
      this.#log.error({ why: messageOf(error) }, 'snapshot failed; the next one is tried in time')
    }
  }

  /** Lets the transaction in hand end, and puts the state away. */
  async close(): Promise<void> {
    this.#closed = true
    this.#expected = undefined
    await this.#tail
    await this.flush()
    await Promise.all([this.#closeProducer(), this.#store?.close()])
    this.#store = undefined
    this.#context.metrics.lags.delete(this.#id)
    for (const gauge of [this.#context.metrics.lag, this.#context.metrics.offset])
      gauge.remove({ partition: this.#id })
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
    this.#producer = await transport.producer(`${transactionalIdPrefix(deployment)}${this.#id}`)
    const { low, high, committed } = await transport.offsets(this.#id)
    if (committed !== undefined && (committed < low || committed > high))
      throw outOfRange(this.#id, `committed offset ${committed}`, low, high)
    this.#emitFrom = committed ?? 0
    this.#lag = new TimeLag(this.#emitFrom)
    this.#context.metrics.lags.set(this.#id, this.#lag)
    this.#store ??= await this.#load(low)
    const { next, last } = this.#store.position
    if (last === null && low > 0) throw outOfRange(this.#id, 'the beginning', low, high)
    this.#seek(this.#unverified ? this.#unverified.offset : next)
    if (next < this.#emitFrom)
      this.#log.info({ from: next, to: this.#emitFrom }, 'folding silently to rebuild state')
  }

  #seek(offset: number): void {
    this.#expected = offset
    this.#owner.seek(this.#id, offset)
  }

  /** The newest usable state: of the local file and the snapshots, else an empty one. */
  async #load(low: number): Promise<StateStore> {
    const { partitions, snapshots } = this.#context
    const dir = this.#context.stateDir(this.#id)
    const open = () => StateStore.open(dir, startOf(partitions))
    if (this.#fromBeginning) {
      await removeState(dir)
      return open()
    }
    const wanted = (position: Position) => usable(position, partitions, low, this.#emitFrom)

    let store = await open()
    const local = wanted(store.position) ? store.position.next : -1
    const newer = (position: Position) => wanted(position) && position.next > local
    if (await snapshots?.restore(this.#id, dir, newer, () => store.close())) {
      store = await open()
    } else if (local < 0) {
      await store.close()
      await removeState(dir)
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

  async #process(batch: InBatch): Promise<void> {
    if (this.#expected === undefined || !this.#store) return
    const { metrics, maxRecordsPerTransaction, rawIds } = this.#context
    const { records } = batch
    if (this.#unverified) {
      const found = records[0] && lastRecordOf(records[0])
      if (found?.offset !== this.#unverified.offset || found.sha256 !== this.#unverified.sha256)
        return this.#discardState()
      this.#unverified = null
    }
    await rawIds.refreshFor(records)
    const from = records.findIndex(({ offset }) => offset >= this.#store!.position.next)
    for (let i = from; i >= 0 && i < records.length; i += maxRecordsPerTransaction) {
      const chunk = records.slice(i, i + maxRecordsPerTransaction)
      const isLast = i + maxRecordsPerTransaction >= records.length
      await this.#apply(chunk, isLast ? batch.nextOffset : chunk.at(-1)!.offset + 1)
      if (this.#closed) return
    }
    const partition = this.#id
    metrics.lag.set({ partition }, Math.max(0, batch.highWatermark - batch.nextOffset))
    metrics.offset.set({ partition }, batch.nextOffset)
    if (this.#store.unflushed >= this.#context.maxUnflushed) await this.flush()
  }

  async #apply(records: readonly InRecord[], end: number): Promise<void> {
    const { shares, deployment, curatedSchemaId, partitions, rawIds } = this.#context
    const store = this.#store!
    const done = step(records, {
      deployment,
      curatedSchemaId,
      owned: shares.owned,
      emitFrom: this.#emitFrom,
      decode: (record) => decodeRaw(record, rawIds.ids, partitions),
      stateOf: (orderId, key) => store.get(orderId, key),
    })
    const { newer } = done
    const taken = newer ? records.filter(({ offset }) => offset < newer.offset) : records
    const last = taken.at(-1)
    if (last) {
      const next = newer ? newer.offset : end
      if (last.offset >= this.#emitFrom) {
        await this.#commit(done, next)
        this.#measure(taken, next)
      } else this.#context.metrics.refolded.inc({ partition: this.#id }, taken.length)
      store.merge(done.states, next, lastRecordOf(last))
    }
    if (newer)
      throw new TerminalError(
        'NEWER_SCHEMA',
        `${RAW_TOPIC} partition ${this.#id} offset ${newer.offset} is of schema version ${newer.version} (id ${newer.id}), which this engine does not know`,
        { remedy: 'deploy the engine of that version; nothing was skipped or dead-lettered' },
      )
  }

  async #commit({ out, counts }: Step, next: number): Promise<void> {
    const { metrics } = this.#context
    const producer = this.#producer!
    const end = metrics.transaction.startTimer()
    await producer.begin()
    for (const [topic, list] of out) await producer.send(topic, this.#id, list)
    await producer.sendOffset(this.#id, next)
    await producer.commit()
    end()
    for (const [outcome, count] of Object.entries(counts))
      metrics.records.inc({ partition: this.#id, outcome }, count)
  }

  /** How long its records had waited, and how far the partition now is. */
  #measure(records: readonly InRecord[], next: number): void {
    const oldest = records.find(({ offset }) => offset >= this.#emitFrom)!
    const waited = Date.now() - Number(oldest.timestamp)
    this.#context.metrics.rawToCommitted.observe(waited / 1_000)
    this.#lag.committed(next, Number(records.at(-1)!.timestamp))
  }

  /** Not what was asked for: fetched before a seek, or kafkajs has by itself gone to its default offset. */
  async #mismatch(batch: InBatch): Promise<void> {
    const expected = this.#expected!
    if (++this.#mismatches > 3) {
      const { low, high } = await this.#context.transport.offsets(this.#id)
      if (expected < low || expected > high) {
        const error = outOfRange(this.#id, `offset ${expected}`, low, high)
        return this.#enqueue(() => Promise.reject(error))
      }
    }
    this.#log.debug({ expected, fetched: batch.fetchedOffset }, 'stale batch')
    this.#owner.seek(this.#id, expected)
  }

  #stateFailed(cause: unknown): void {
    this.#closed = true
    this.#owner.onFailure(
      new TerminalError('STATE', `The state of partition ${this.#id} cannot be written`, {
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
