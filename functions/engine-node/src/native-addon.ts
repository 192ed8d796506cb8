import { createRequire } from 'node:module'
import { messageOf, TerminalError } from '@order-up/kit'

/** What the addon calls back with: nothing, or librdkafka's error. */
type Done = (error: unknown) => void

export type NativeSettings = Record<string, unknown>

interface NativeClient {
  connect(options: { timeout: number }, done: Done): void
  on(event: string, listener: (detail: unknown) => void): void
}

/** A header as the addon takes it: one name and its value. */
export type NativeHeader = Record<string, Buffer | string>

export interface NativeProducer extends NativeClient {
  produce(
    topic: string,
    partition: number,
    value: Buffer | null,
    key: Buffer | null,
    timestamp: undefined,
    opaque: undefined,
    headers: NativeHeader[],
  ): void
  initTransactions(timeoutMs: number, done: Done): void
  beginTransaction(done: Done): void
  sendOffsetsToTransaction(
    offsets: { topic: string; partition: number; offset: number }[],
    group: NativeGroup,
    timeoutMs: number,
    done: Done,
  ): void
  commitTransaction(timeoutMs: number, done: Done): void
  /** flushes for so long, then lets go of everything */
  disconnect(flushMs: number, done: Done): void
}

/** A consumer that never subscribes: a group's name, in the form that a transaction takes. */
export interface NativeGroup extends NativeClient {
  disconnect(done: Done): void
}

/**
 * What of @confluentinc/kafka-javascript is used. Its own types would be missing where it is: it is optional.
 */
export interface NativeAddon {
  Producer: new (settings: NativeSettings, topic: NativeSettings) => NativeProducer
  KafkaConsumer: new (settings: NativeSettings, topic: NativeSettings) => NativeGroup
  librdkafkaVersion: string
}

export interface LoadedNative {
  addon: NativeAddon
  /** the package's and librdkafka's, for people */
  version: string
}

const NAME = '@confluentinc/kafka-javascript'

/**
 * Loads the addon: by a `require` of its own, so that a bundle leaves it beside itself.
 * @param load for tests: what stands in for `require`
 * @throws TerminalError `NATIVE_MISSING` where it is not installed, was built for another Node, or lacks a library
 */
export function loadNative(load: (name: string) => unknown = createRequire(import.meta.url)) {
  try {
    const addon = load(NAME) as NativeAddon
    const { version } = load(`${NAME}/package.json`) as { version: string }
    const loaded: LoadedNative = {
      addon,
      version: `${version} (librdkafka ${addon.librdkafkaVersion})`,
    }
    return loaded
  } catch (cause) {
    const [why] = messageOf(cause).split('\n') // the rest lists the files that were looked for
    throw new TerminalError('NATIVE_MISSING', `The native Kafka client can't be loaded: ${why}`, {
      cause,
      remedy: '`npm run native`, which fetches or builds it, once; or TRANSPORT=auto',
    })
  }
}
