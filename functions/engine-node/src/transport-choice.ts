import { KAFKAJS_VERSION, messageOf } from '@order-up/kit'
import { z } from 'zod'
import { loadNative, type LoadedNative } from './native-addon.ts'

/** TRANSPORT: which client library writes. `auto` is what {@link AUTO} says. */
export const WantedTransport = z.enum(['auto', 'kafkajs', 'native']).default('auto')
export type WantedTransport = z.infer<typeof WantedTransport>

export type TransportName = 'kafkajs' | 'native'

/**
 * What `auto` takes: the first that is there, kafkajs always is. Both write batches that were encoded once; librdkafka
 * takes them apart again, record by record and header by header, which costs more than what it saves.
 */
const AUTO: readonly TransportName[] = ['kafkajs']

export interface TransportChoice {
  transport: TransportName
  /** of the library */
  version: string
  /** for people: which setting decided it */
  why: string
  /** undefined = kafkajs */
  native?: LoadedNative
}

/**
 * Which transport runs: what the worker logs first, and what `order-up doctor` shows.
 * @param order for tests: what `auto` takes
 * @throws TerminalError `NATIVE_MISSING` where `native` is asked for and can't be loaded
 */
export function chooseTransport(
  wanted: WantedTransport,
  load: () => LoadedNative = () => loadNative(),
  order = AUTO,
): TransportChoice {
  if (wanted === 'native') return native(load(), 'TRANSPORT=native')
  if (wanted === 'kafkajs') return kafkajs('TRANSPORT=kafkajs')
  if (order[0] === 'kafkajs') return kafkajs('TRANSPORT=auto')
  try {
    return native(load(), 'TRANSPORT=auto, and it is there')
  } catch (error) {
    return kafkajs(`TRANSPORT=auto; ${messageOf(error)}`)
  }
}

const native = (loaded: LoadedNative, why: string): TransportChoice => ({
  transport: 'native',
  version: loaded.version,
  why,
  native: loaded,
})

const kafkajs = (why: string): TransportChoice => ({
  transport: 'kafkajs',
  version: KAFKAJS_VERSION,
  why,
})

/**
 * Of libuv's pool, in which every call of a native producer that waits for the broker takes a thread: more than a hundred
 * partitions and the files need. All 128 cost 1 MB.
 */
const POOL_THREADS = 128

/** Gives libuv's pool room for the native producers; of no effect once something has used the pool. */
export function makeRoom({ transport }: TransportChoice): void {
  if (transport === 'native') process.env['UV_THREADPOOL_SIZE'] ??= String(POOL_THREADS)
}
