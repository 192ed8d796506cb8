import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  TerminalError,
  TimeLag,
  groupOffsets,
  messageOf,
  waitForRegistry,
  type Health,
  type Log,
  type Registry,
} from '@order-up/kit'
import { CURATED_SUBJECT, CURATED_TOPIC, SINK_GROUP } from '@order-up/schemas'
import { createDecoder, type Decode } from './decode.ts'
import { whileBeating } from './heartbeat.ts'
import { recordOf } from './kafka-record.ts'
import { observeMerge, type SinkMetrics } from './metrics.ts'
import { assertInRange } from './offsets.ts'
import { Pending, type Batch, type Limits } from './pending.ts'
import { Waits } from './waits.ts'
import type { Warehouse, WarehouseRow } from './warehouse.ts'

export const DEFAULT_LIMITS: Limits = { maxRows: 50_000, maxBytes: 32 << 20, lingerMs: 200 }

/** How often lag and range are looked at. */
const WATCH_MS = 5_000

export interface SinkOptions {
  kafka: Kafka
  registry: Registry
  warehouse: Warehouse
  metrics: SinkMetrics
  log: Log
  groupId?: string
  limits?: Limits
  /** how long a failing MERGE is tried again before the sink stops (default 15 min) */
  retryForMs?: number
  /** after this long without a heartbeat the group gives its partitions to another sink (default 10 s) */
  sessionTimeoutMs?: number
}

/**
 * Curated topic → warehouse. Reads read_committed and merges what has come from all partitions in one MERGE after
 * another; commits offsets only after their rows are merged. Whatever happens in between, rows are merged again, and
 * the versions make that harmless.
 */
export class Sink {
  readonly #options: Required<SinkOptions>
  readonly #consumer: Consumer
  readonly #admin: Admin
  readonly #pending: Pending
  readonly #waits: Waits
  /** partition → the offset that its next batch should begin with, in this assignment */
  readonly #expected = new Map<number, number>()
  /** partitions assigned here; undefined before the first assignment */
  #assigned: readonly number[] | undefined
  #lag: number | null = null
  #lastMergeAt: number | null = null

  constructor(options: SinkOptions) {
    this.#options = {
      groupId: SINK_GROUP,
      limits: DEFAULT_LIMITS,
      retryForMs: 15 * 60_000,
      sessionTimeoutMs: 10_000,
      ...options,
    }
    const { kafka, log, groupId, limits, sessionTimeoutMs } = this.#options
    this.#pending = new Pending(limits)
    this.#waits = new Waits(log)
    this.#admin = kafka.admin()
    this.#consumer = kafka.consumer({
      groupId,
      readUncommitted: false,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: 1_000,
      maxWaitTimeInMs: 200,
      maxBytesPerPartition: 2 << 20,
      maxBytes: 16 << 20,
    })
  }

  /** Healthy = reading, and not waiting for anything it depends on. */
  health(): Health {
    const waitingFor = this.#waits.reasons
    return {
      healthy: this.#assigned !== undefined && Object.keys(waitingFor).length === 0,
      warehouse: this.#options.warehouse.name,
      partitions: this.#assigned ?? null,
      lag: this.#lag,
      lastMergeAt: this.#lastMergeAt,
      waitingFor,
    }
  }

  /**
   * Runs until the signal aborts, then finishes the MERGE that is running.
   * @param onReady once partitions can be assigned
   * @throws TerminalError for what a restart would not cure
   */
  async run(signal: AbortSignal, onReady: () => void = () => {}): Promise<void> {
    const { warehouse } = this.#options
    const failed = new AbortController()
    const stop = AbortSignal.any([signal, failed.signal])
    try {
      await this.#waits.untilItWorks('warehouse', () => warehouse.prepare(), { signal: stop })
      await this.#waits.untilItWorks('kafka', () => this.#join(stop, failed), { signal: stop })
      onReady()
      const loops = [this.#mergeLoop(stop), this.#watchLoop(stop)]
      for (const loop of loops) {
        loop.catch((error: unknown) => {
          if (!signal.aborted) failed.abort(error)
        })
      }
      await Promise.allSettled(loops)
    } catch (error) {
      if (!stop.aborted) throw error
    } finally {
      await Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()])
    }
    failed.signal.throwIfAborted()
  }

  async #join(stop: AbortSignal, failed: AbortController): Promise<void> {
    await this.#admin.connect()
    await this.#assertInRange()
    const consumer = this.#consumer
    await consumer.connect()
    await consumer.subscribe({ topic: CURATED_TOPIC, fromBeginning: true })
    const { GROUP_JOIN, CRASH, END_BATCH_PROCESS } = consumer.events
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#assigned = payload.memberAssignment[CURATED_TOPIC] ?? []
      this.#expected.clear()
      this.#pending.reassign()
      this.#options.metrics.lags.clear()
      this.#options.log.info({ partitions: this.#assigned }, 'partitions assigned')
    })
    consumer.on(CRASH, ({ payload: { error, restart } }) => {
      this.#waits.begin('kafka', error.message)
      if (!restart) failed.abort(error)
    })
    // eachBatch is not told of batches that hold only transaction markers or aborted records
    consumer.on(END_BATCH_PROCESS, async ({ payload }) => {
      if (payload.batchSize > 0) return
      const { partition, firstOffset, lastOffset } = payload
      try {
        await this.#checkFirst(partition, Number(firstOffset))
        this.#passed(partition, [], 0, Number(lastOffset) + 1)
      } catch (error) {
        if (error instanceof TerminalError) failed.abort(error) // else the next batch looks again
      }
    })
    const decode = createDecoder(() => this.#fetchIds(stop))
    const stopped = aborted(stop)
    await consumer.run({
      autoCommit: false,
      eachBatch: async (payload) => {
        if (stop.aborted) return
        try {
          await whileBeating(payload.heartbeat, this.#read(payload, decode, stop, stopped))
        } catch (error) {
          if (!(error instanceof TerminalError)) throw error
          failed.abort(error) // thrown, it would make kafkajs crash without leaving the group
        }
      },
    })
  }

  /** Decodes a batch and puts it behind what waits to be merged, once there is room. */
  async #read(
    { batch }: EachBatchPayload,
    decode: Decode,
    stop: AbortSignal,
    stopped: Promise<void>,
  ): Promise<void> {
    const { partition } = batch
    const assignment = this.#pending.assignment
    await this.#checkFirst(partition, Number(batch.firstOffset()))
    const { rows, failure } = await decode(batch.messages.map((m) => recordOf(partition, m)))
    if (failure) throw failure.error
    while (this.#pending.full && !stop.aborted)
      await Promise.race([this.#pending.changed(), stopped])
    if (stop.aborted || assignment !== this.#pending.assignment) return
    const bytes = batch.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    this.#passed(partition, rows, bytes, Number(batch.lastOffset()) + 1)
    this.#options.metrics.records.inc(rows.length)
  }

  /** The log has no gaps: one here means that kafkajs started over, as it does when its offset is out of range. */
  async #checkFirst(partition: number, first: number): Promise<void> {
    if (first !== this.#expected.get(partition)) await this.#assertInRange()
  }

  #passed(partition: number, rows: readonly WarehouseRow[], bytes: number, next: number) {
    this.#expected.set(partition, next)
    this.#pending.add(partition, rows, bytes, next)
  }

  async #fetchIds(signal: AbortSignal) {
    const ids = await waitForRegistry(() => this.#options.registry.subjectIds(CURATED_SUBJECT), {
      signal,
      onWait: (why) => this.#waits.begin('registry', why),
    })
    this.#waits.end('registry')
    return ids
  }

  async #mergeLoop(stop: AbortSignal): Promise<void> {
    const stopped = aborted(stop)
    while (!stop.aborted) {
      const due = this.#pending.dueIn(Date.now())
      if (due === undefined || due > 0) {
        const timer = new AbortController()
        const options = { signal: timer.signal, ref: false }
        const pause = due === undefined ? [] : [sleep(due, undefined, options).catch(() => {})]
        await Promise.race([this.#pending.changed(), stopped, ...pause])
        timer.abort()
        continue
      }
      const batch = this.#pending.take()
      if (batch.rows.length > 0) await this.#merge(batch, stop)
      await this.#commit(batch)
    }
  }

  async #merge({ rows }: Batch, signal: AbortSignal): Promise<void> {
    const { warehouse, metrics, retryForMs } = this.#options
    const attempt = async () => {
      const started = performance.now()
      const counts = await warehouse.merge(rows, Date.now()).catch((error: unknown) => {
        metrics.failures.inc()
        throw error
      })
      metrics.mergeSeconds.observe((performance.now() - started) / 1_000)
      return counts
    }
    const counts = await this.#waits.untilItWorks('warehouse', attempt, {
      signal,
      forMs: retryForMs,
    })
    this.#lastMergeAt = Date.now()
    observeMerge(metrics, rows, counts)
  }

  /** What cannot be committed now is committed with the next batch, or delivered again after a restart. */
  async #commit(batch: Batch): Promise<void> {
    if (batch.assignment !== this.#pending.assignment) return
    const offsets = [...batch.positions].map(([partition, next]) => ({
      topic: CURATED_TOPIC,
      partition,
      offset: String(next),
    }))
    try {
      await this.#consumer.commitOffsets(offsets)
      const appended = new Map(batch.rows.map((row) => [row.partition, row.timestamp]))
      for (const [partition, next] of batch.positions)
        this.#options.metrics.lags.get(partition)?.committed(next, appended.get(partition))
    } catch (error) {
      this.#options.log.warn({ reason: messageOf(error) }, 'offsets not committed yet')
      this.#pending.restore(batch)
    }
  }

  async #watchLoop(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.#watch()
        this.#waits.end('kafka')
      } catch (error) {
        if (error instanceof TerminalError) throw error
        this.#showLag(undefined)
        this.#waits.begin('kafka', messageOf(error))
      }
      await sleep(WATCH_MS, undefined, { signal: stop }).catch(() => {})
    }
  }

  async #watch(): Promise<void> {
    const { groupId, metrics } = this.#options
    const now = Date.now()
    const offsets = await groupOffsets(this.#admin, groupId, CURATED_TOPIC)
    for (const { partition, low, high, committed = low } of offsets) {
      if (!this.#assigned?.includes(partition)) continue
      const lag = metrics.lags.get(partition) ?? new TimeLag(committed)
      metrics.lags.set(partition, lag)
      lag.committed(committed)
      lag.looked(high, now)
    }
    this.#showLag(new Map(offsets.map((o) => [o.partition, o.high - (o.committed ?? o.low)])))
    assertInRange(offsets, groupId)
  }

  /** @param lags undefined = not known */
  #showLag(lags: ReadonlyMap<number, number> | undefined) {
    const { lag } = this.#options.metrics
    lag.reset()
    const assigned = this.#assigned ?? []
    for (const partition of assigned) {
      lag.set({ partition: String(partition) }, lags?.get(partition) ?? NaN)
    }
    this.#lag = lags ? assigned.reduce((sum, p) => sum + (lags.get(p) ?? 0), 0) : null
  }

  async #assertInRange(): Promise<void> {
    const { groupId } = this.#options
    assertInRange(await groupOffsets(this.#admin, groupId, CURATED_TOPIC), groupId)
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
