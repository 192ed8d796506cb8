import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CURATED_SUBJECT,
  CURATED_TOPIC,
  currentSchema,
  engineGroup,
  RAW_TOPIC,
} from '@order-up/schemas'
import {
  createKafka,
  createRegistry,
  messageOf,
  TerminalError,
  waitForRegistry,
  type Log,
} from '@order-up/kit'
import { openBlobStore } from './blob-store.ts'
import type { EngineConfig } from './config.ts'
import { kafkaTransport } from './kafka-transport.ts'
import { claimPartitionDir, lockDir } from './lock.ts'
import { Membership } from './membership.ts'
import { storeBytes } from './memory-need.ts'
import type { EngineMetrics } from './metrics.ts'
import type { PartitionContext } from './partition.ts'
import { forgetMember, leaveForPredecessor, rememberMember } from './predecessor.ts'
import { openProducers } from './producers.ts'
import { RawIds } from './raw-ids.ts'
import { followShares } from './shares.ts'
import { Snapshots } from './snapshots.ts'
import type { Transport } from './transport.ts'
import { chooseTransport } from './transport-choice.ts'
import type { WorkerHealth } from './worker-health.ts'

const REJOIN_MS = 1_000
/** how often the end of raw is looked at, for the lag in time */
const LOOK_MS = 5_000
/** bytes of state that may wait for the next flush, if this worker has all partitions */
const MAX_UNFLUSHED = 64 << 20

/** A streams worker: what it is doing is in `health`; `run` ends when told to, or with a TerminalError. */
export class EngineWorker {
  readonly #config: EngineConfig
  readonly #metrics: EngineMetrics
  readonly #log: Log
  /** among those of one command, from 1 on; undefined = it is alone */
  readonly #worker: number | undefined
  #membership: Membership | undefined
  #waitingFor: string | undefined = 'start'
  #looking = false

  /** @param worker among those of one command, from 1 on; undefined = it is alone */
  constructor(config: EngineConfig, metrics: EngineMetrics, log: Log, worker?: number) {
    this.#config = config
    this.#metrics = metrics
    this.#log = log
    this.#worker = worker
  }

  /** Its reports' and its member's name. A dot: with a hyphen it could be taken for a thread of another's. */
  get #instance(): string {
    const { INSTANCE } = this.#config
    return this.#worker === undefined ? INSTANCE : `${INSTANCE}.${this.#worker}`
  }

  health(): WorkerHealth {
    const partitions = [...(this.#membership?.partitions ?? [])]
    return {
      healthy: this.#membership?.joined ?? false,
      deployment: this.#config.DEPLOYMENT,
      instance: this.#instance,
      pid: process.pid,
      waiting_for: this.#waitingFor,
      partitions: partitions.map(([partition, { emitting }]) => ({ partition, emitting })),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { DEPLOYMENT, INSTANCE, STATE_DIR, SNAPSHOT_URL } = this.#config
    const dir = join(STATE_DIR, DEPLOYMENT, INSTANCE)
    const isAlone = this.#worker === undefined
    const unlock = isAlone ? await lockDir(dir) : undefined
    const clientId = `${DEPLOYMENT}/${this.#instance}`
    const groupId = engineGroup(DEPLOYMENT)
    const kafka = createKafka(this.#config, clientId, this.#log)
    // of several, their parent lets them go
    if (isAlone) await leaveForPredecessor(kafka, groupId, { dir }, this.#log)
    const registry = createRegistry(this.#config.SCHEMA_REGISTRY_URL)

    this.#waitingFor = 'the schema registry'
    const rawIds = new RawIds(registry, this.#log, signal)
    await rawIds.refresh()
    const curatedSchemaId = await waitForRegistry(
      () => registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT)),
      { signal, onWait: (why) => this.#log.warn({ why }, 'waiting for the schema registry') },
    )

    this.#waitingFor = 'Kafka'
    const place = { dir, worker: this.#worker ?? 0 }
    const onMember = (id: string) =>
      void rememberMember(place, id).catch((error: unknown) =>
        this.#log.warn({ why: messageOf(error) }, 'a successor would wait for the session to end'),
      )
    const producers = openProducers(chooseTransport(this.#config.TRANSPORT), kafka, {
      config: this.#config,
      clientId,
      groupId,
      topic: RAW_TOPIC,
      transactionTimeoutMs: this.#config.TRANSACTION_TIMEOUT_MS,
      log: this.#log,
    })
    const transport = await this.#retry(signal, () =>
      kafkaTransport(
        kafka,
        {
          groupId,
          topic: RAW_TOPIC,
          sessionTimeoutMs: this.#config.SESSION_TIMEOUT_MS,
          maxBytesPerPartition: this.#config.MAX_BYTES_PER_FETCH,
          onMember,
        },
        producers.create,
      ),
    )
    const partitions = await this.#retry(signal, () => transport.partitionCount(RAW_TOPIC))
    const curated = await transport.partitionCount(CURATED_TOPIC)
    if (curated !== partitions)
      throw new TerminalError(
        'PARTITIONS',
        `${CURATED_TOPIC} has ${curated} partitions and ${RAW_TOPIC} ${partitions}: they must be the same`,
      )

    this.#waitingFor = 'the first epoch of the shares'
    const noShares = Promise.withResolvers<never>()
    const shares = await Promise.race([
      this.#retry(signal, () =>
        followShares(kafka, this.#log, signal, {
          deployment: DEPLOYMENT,
          instance: this.#instance,
          onEpoch: (epoch) => this.#metrics.epoch.set(epoch),
          onFailure: noShares.reject,
        }),
      ),
      noShares.promise, // what stands in the topic may be no epoch from the start
    ])
    const context: PartitionContext = {
      deployment: DEPLOYMENT,
      partitions,
      transport,
      shares,
      rawIds,
      curatedSchemaId,
      snapshots: SNAPSHOT_URL
        ? new Snapshots(await openBlobStore(SNAPSHOT_URL), DEPLOYMENT, this.#log)
        : undefined,
      claimDir: (partition) => claimPartitionDir(dir, partition),
      maxRecordsPerTransaction: this.#config.MAX_RECORDS_PER_TRANSACTION,
      maxUnflushed: Math.ceil(MAX_UNFLUSHED / partitions),
      stateMemoryBytes: storeBytes(this.#config.STATE_MEMORY_MB, partitions, this.#config.WORKERS),
      metrics: this.#metrics,
      log: this.#log,
    }
    try {
      await Promise.race([this.#stay(context, signal), noShares.promise])
    } finally {
      await this.#membership?.leave().then(
        () => forgetMember(place),
        (error: unknown) =>
          this.#log.warn({ why: messageOf(error) }, 'left the group without an answer'),
      )
      await Promise.allSettled([shares.stop(), transport.close(), producers.close()])
      await unlock?.()
    }
  }

  /** Is a member of the group until told to stop; joins again whenever a stay ends. */
  async #stay(context: PartitionContext, signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    const timers = [
      setInterval(() => void this.#each((p) => p.flush()), this.#config.FLUSH_INTERVAL_MS),
      setInterval(() => void this.#each((p) => p.snapshot()), this.#config.SNAPSHOT_INTERVAL_MS),
      setInterval(() => void this.#look(context.transport), LOOK_MS),
    ]
    try {
      while (!signal.aborted) {
        this.#waitingFor = 'an assignment'
        this.#membership = await this.#retry(signal, () => Membership.join(context))
        this.#waitingFor = undefined
        await Promise.race([this.#membership.ended, stopped])
        if (signal.aborted) return
        await this.#membership.leave().catch(() => {}) // a crashed member may have nobody to tell
        this.#membership = undefined
        await delay(REJOIN_MS, undefined, { signal })
      }
    } finally {
      timers.forEach(clearInterval)
    }
  }

  async #each(
    use: (partition: { flush(): Promise<void>; snapshot(): Promise<void> }) => Promise<void>,
  ) {
    for (const partition of this.#membership?.partitions.values() ?? []) await use(partition)
  }

  /** Where raw ends: without an answer the lag in time is soon unknown. */
  async #look(transport: Transport): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    const now = Date.now()
    try {
      const ends = await transport.ends()
      for (const [partition, lag] of this.#metrics.lags) lag.looked(ends.get(partition)!, now)
    } catch (error) {
      this.#log.debug({ why: messageOf(error) }, 'the end of raw was not seen')
    } finally {
      this.#looking = false
    }
  }

  /** Tries until Kafka answers. */
  async #retry<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (error instanceof TerminalError) throw error
        signal.throwIfAborted()
        this.#log.warn({ why: messageOf(error) }, 'waiting for Kafka')
        await delay(REJOIN_MS, undefined, { signal })
      }
    }
  }
}
