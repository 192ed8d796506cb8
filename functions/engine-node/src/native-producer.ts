import {
  messageOf,
  RetryableError,
  visitEncoded,
  type EncodedRecords,
  type KafkaConfig,
  type Log,
} from '@order-up/kit'
import type { NativeAddon, NativeGroup, NativeProducer, NativeSettings } from './native-addon.ts'
import { nativeError } from './native-errors.ts'
import { nativeHeaders } from './native-headers.ts'
import { clientSettings, groupSettings, producerSettings } from './native-settings.ts'
import type { Producers } from './producers.ts'
import type { ProducerFactory, TransactionalProducer } from './transport.ts'

export interface NativeOptions {
  config: KafkaConfig
  clientId: string
  groupId: string
  /** of the offsets that are made part of a transaction */
  topic: string
  transactionTimeoutMs: number
  log: Log
  /** writes what the addon can't: see native-headers.ts */
  plain: ProducerFactory
}

const CONNECT_MS = 10_000
/** The broker ends what a predecessor left open first. */
const INIT_MS = 30_000
/** beyond the transaction's own timeout, by when the broker has decided it */
const GRACE_MS = 5_000

/**
 * Makes producers on librdkafka. Every call of theirs that waits for the broker holds a thread of libuv's pool
 * meanwhile: see transport-choice.ts.
 *
 * A record whose headers the addon would alter fails its transaction; from then on kafkajs writes that partition, byte
 * for byte. Few records are such, and all of them are dead letters.
 */
export function nativeProducers(addon: NativeAddon, options: NativeOptions): Producers {
  const { config, clientId, groupId, transactionTimeoutMs, log, plain } = options
  const client = clientSettings(config, clientId)
  const unfit = new Set<string>()
  let group: Promise<NativeGroup> | undefined
  const openGroup = async () => {
    const consumer = new addon.KafkaConsumer(groupSettings(client, groupId), {})
    listen(consumer, log)
    try {
      await call('connect', (done) => consumer.connect({ timeout: CONNECT_MS }, done))
    } catch (error) {
      group = undefined // asked for again, it is tried again
      throw error
    }
    return consumer
  }
  return {
    async create(transactionalId) {
      if (unfit.has(transactionalId)) return plain(transactionalId)
      const settings = producerSettings(client, transactionalId, transactionTimeoutMs)
      const consumer = await (group ??= openGroup())
      return open(addon, settings, consumer, options, () => {
        unfit.add(transactionalId)
        log.warn({ transactionalId }, 'headers that librdkafka would alter: kafkajs writes them')
      })
    },
    async close() {
      const consumer = await group?.catch(() => undefined)
      if (consumer) await call('disconnect', (done) => consumer.disconnect(done))
    },
  }
}

async function open(
  addon: NativeAddon,
  settings: NativeSettings,
  group: NativeGroup,
  { topic, transactionTimeoutMs, log }: NativeOptions,
  onUnfit: () => void,
): Promise<TransactionalProducer> {
  const producer: NativeProducer = new addon.Producer(settings, { acks: -1 })
  let fatal: unknown
  listen(producer, log, (error) => (fatal = error))
  const endMs = transactionTimeoutMs + GRACE_MS
  /** the call under way: the client must not be taken from under it */
  let last: Promise<unknown> = Promise.resolve()
  const ask = (what: string, start: (done: (error: unknown) => void) => void) => {
    const asked = call(what, start, () => fatal)
    last = asked.catch(() => {})
    return asked
  }
  const close = async () => {
    await last
    await call('disconnect', (done) => producer.disconnect(0, done)).catch((error: unknown) => {
      log.debug({ why: messageOf(error) }, 'a producer was closed without an answer')
    })
  }
  try {
    await ask('connect', (done) => producer.connect({ timeout: CONNECT_MS }, done))
    await ask('initTransactions', (done) => producer.initTransactions(INIT_MS, done))
  } catch (error) {
    await close()
    throw error
  }
  return {
    begin: () => ask('beginTransaction', (done) => producer.beginTransaction(done)),
    async send(to, records) {
      if (!enqueue(producer, to, records)) {
        onUnfit()
        throw new RetryableError('UNFIT_HEADERS', 'librdkafka would alter a header of a record')
      }
    },
    sendOffset: (partition, next) =>
      ask('sendOffsetsToTransaction', (done) => {
        const offsets = [{ topic, partition, offset: next }]
        producer.sendOffsetsToTransaction(offsets, group, endMs, done)
      }),
    // flushes first, and fails where a message failed: none is reported by itself
    commit: () => ask('commitTransaction', (done) => producer.commitTransaction(endMs, done)),
    close,
  }
}

/** Queues the records, which librdkafka copies. @returns whether all could be; if not, some were */
function enqueue(producer: NativeProducer, topic: string, records: EncodedRecords): boolean {
  let fits = true
  visitEncoded(records.bytes, records.length, (record) => {
    if (!fits) return
    const headers = nativeHeaders(record)
    if (headers === undefined) {
      fits = false
      return
    }
    const { buf, keyStart, keyLength, valueStart, valueLength } = record
    const key = keyLength < 0 ? null : buf.subarray(keyStart, keyStart + keyLength)
    const value = valueLength < 0 ? null : buf.subarray(valueStart, valueStart + valueLength)
    try {
      producer.produce(topic, records.partition, value, key, undefined, undefined, headers)
    } catch (error) {
      throw nativeError('produce', error)
    }
  })
  return fits
}

/** A call of the addon's as a promise. @throws FencedError, or an error that leaves the outcome unknown */
function call(
  what: string,
  start: (done: (error: unknown) => void) => void,
  fatal: () => unknown = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(nativeError(what, error, fatal()))
    try {
      start((error) => (error ? fail(error) : resolve()))
    } catch (error) {
      fail(error) // it is not connected, or no longer
    }
  })
}

/** What librdkafka says by itself: a broker that restarts is no error here, as with kafkajs; a token that fails is one. */
function listen(
  client: NativeProducer | NativeGroup,
  log: Log,
  onFatal: (error: unknown) => void = () => {},
): void {
  client.on('event.log', (said) => log.debug({ librdkafka: said }, 'librdkafka'))
  client.on('event.error', (error) => {
    if (isFatal(error)) onFatal(error)
    log.debug({ why: messageOf(error) }, 'librdkafka')
  })
  client.on('error', (error) => log.warn({ why: messageOf(error) }, 'librdkafka'))
}

const isFatal = (error: unknown) =>
  typeof error === 'object' && error !== null && 'isFatal' in error && error.isFatal === true
