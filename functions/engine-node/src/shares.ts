import type { Kafka } from 'kafkajs'
import {
  ownedBuckets,
  parseShares,
  REPORTS_TOPIC,
  SHARES_KEY,
  SHARES_TOPIC,
  type EpochReport,
  type SharesRecord,
} from '@order-up/schemas'
import { followTopic, messageOf, TerminalError, type Log, type TopicRecord } from '@order-up/kit'

/** How often an idle worker asks for epochs; one that comes is there at once. */
const MAX_WAIT_MS = 1_000

/** The newest epoch, as a worker acts on it. */
export interface Shares {
  /** which buckets the deployment writes to curated, by index */
  readonly owned: readonly boolean[]
  stop(): Promise<void>
}

export interface SharesOptions {
  deployment: string
  instance: string
  onEpoch(epoch: number): void
  /** a record that is no epoch, or none can be read any more: going on with the old epoch would be a guess */
  onFailure(error: TerminalError): void
}

/**
 * Reads the shares topic to its end, waits for a first epoch if there is none, then follows it and reports every
 * epoch that it takes up.
 */
export async function followShares(
  kafka: Kafka,
  log: Log,
  signal: AbortSignal,
  { deployment, instance, onEpoch, onFailure }: SharesOptions,
): Promise<Shares> {
  const reporter = kafka.producer({ allowAutoTopicCreation: false })
  await reporter.connect()
  const first = Promise.withResolvers<void>()
  let newest: SharesRecord | undefined
  let owned: readonly boolean[] = []
  /** until the topic's end is reached, an epoch may be long past */
  let following = false
  let reported: number | undefined

  const takeUp = async () => {
    if (!newest || !following || newest.epoch === reported) return
    owned = ownedBuckets(newest, deployment)
    first.resolve()
    const report: EpochReport = { deployment, instance, epoch: newest.epoch }
    const message = {
      key: `${deployment}/${instance}`,
      value: JSON.stringify(report),
      partition: 0,
    }
    await reporter.send({ topic: REPORTS_TOPIC, messages: [message] })
    reported = newest.epoch
    onEpoch(newest.epoch)
    log.info({ epoch: newest.epoch, buckets: owned.filter(Boolean).length }, 'shares')
  }

  const onRecords = async (records: readonly TopicRecord[]) => {
    for (const { key, value, offset } of records) {
      if (key?.toString() !== SHARES_KEY || value === null) continue
      try {
        newest = parseShares(value)
      } catch (cause) {
        onFailure(
          new TerminalError(
            'SHARES',
            `${SHARES_TOPIC} offset ${offset} is not an epoch: ${messageOf(cause)}`,
          ),
        )
        return
      }
    }
    await takeUp()
  }
  const reader = await followTopic(kafka, SHARES_TOPIC, onRecords, { maxWaitMs: MAX_WAIT_MS })
  reader.failed.catch((cause: unknown) =>
    onFailure(new TerminalError('SHARES', `${SHARES_TOPIC} can no longer be followed`, { cause })),
  )
  await reader.caughtUp
  following = true
  await takeUp()
  if (!newest) {
    log.warn(`${SHARES_TOPIC} is empty: waiting for the first epoch (a deploy writes it)`)
    signal.addEventListener('abort', () => first.reject(signal.reason as Error), { once: true })
    await first.promise
  }
  return {
    get owned() {
      return owned
    },
    async stop() {
      await reader.stop()
      await reporter.disconnect()
    },
  }
}
