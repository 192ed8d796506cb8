import type { Kafka } from 'kafkajs'
import { again } from './again.ts'
import { isRetriable, TerminalError } from './errors.ts'
import { kafkaErrorType } from './fencing.ts'
import { clusterOf } from './fetcher.ts'

/** A transaction that holds readers back: begun and neither committed nor aborted, or not yet to the end. */
export interface OpenTransaction {
  transactionalId: string
  /** as Kafka calls it: Ongoing, PrepareCommit, PrepareAbort or PrepareEpochFence */
  state: string
}

/** Within one that is Prepare…, the outcome is decided, and the broker is about to write it everywhere. */
const OPEN_STATES = ['Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareEpochFence']

/** For the id's next owner to change: whoever initialises it says how long he may take. Milliseconds. */
const TIMEOUT_MS = 10_000
const TRANSACTION_COORDINATOR = 1

/** As much of kafkajs's connection to a broker as is used here: it knows no request of this kind. */
interface Connection {
  send<Answer>(message: {
    request: {
      apiKey: number
      apiVersion: number
      apiName: string
      encode(): Promise<{ buf: Buffer; buffer: Buffer }>
    }
    response: {
      decode(payload: Buffer): Promise<Answer>
      parse(answer: Answer): Promise<Answer>
    }
  }): Promise<Answer>
}
interface Broker {
  connectionPool: Connection
  initProducerId(request: { transactionalId: string; transactionTimeout: number }): Promise<unknown>
}
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  getNodeIds(): string[]
  findBroker(broker: { nodeId: string }): Promise<Broker>
  findGroupCoordinator(group: { groupId: string; coordinatorType: number }): Promise<Broker>
}

/**
 * Every transaction that is open, by whoever may describe its id (in MSK's words DescribeTransactionalId): Kafka leaves
 * others out without a word.
 * @throws kafkajs's errors, TerminalError `LIST_TRANSACTIONS`
 */
export const listOpenTransactions = (kafka: Kafka): Promise<OpenTransaction[]> =>
  withCluster(kafka, openIn)

/**
 * Aborts what is open under the ids that begin so, and fences out whoever still holds one of them. What is about to be
 * committed is waited for. It takes AlterTransactionalId, in MSK's words, on each of the ids; Kafka's own: Write.
 * @param prefix with what ends a name in it: `node-1-`, for `node-1` also begins the ids of `node-10`
 * @returns the ids
 * @throws as {@link listOpenTransactions}
 */
export const abortTransactions = (kafka: Kafka, prefix: string): Promise<string[]> =>
  withCluster(kafka, async (cluster) => {
    const open = await openIn(cluster)
    const ids = open
      .map(({ transactionalId }) => transactionalId)
      .filter((id) => id.startsWith(prefix))
    await Promise.all(ids.map((id) => initialise(cluster, id)))
    return ids
  })

async function withCluster<T>(kafka: Kafka, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = clusterOf(kafka) as unknown as Cluster
  await cluster.connect()
  try {
    await cluster.refreshMetadata()
    return await use(cluster)
  } finally {
    await cluster.disconnect()
  }
}

/** Each broker knows those of the ids that it coordinates. */
const openIn = (cluster: Cluster) =>
  again(
    cluster,
    async () => {
      const brokers = cluster.getNodeIds().map(async (nodeId) => {
        const { connectionPool } = await cluster.findBroker({ nodeId })
        return connectionPool.send({ request: LIST_TRANSACTIONS, response: OPEN_TRANSACTIONS })
      })
      return (await Promise.all(brokers)).flat()
    },
    PATIENCE,
  )

/** The broker aborts what was open, and answers CONCURRENT_TRANSACTIONS until that has been written everywhere. */
const initialise = (cluster: Cluster, transactionalId: string) =>
  again(
    cluster,
    async () => {
      const coordinator = await cluster.findGroupCoordinator({
        groupId: transactionalId,
        coordinatorType: TRANSACTION_COORDINATOR,
      })
      await coordinator.initProducerId({ transactionalId, transactionTimeout: TIMEOUT_MS })
    },
    PATIENCE,
  )

/** A coordinator that moves, loads, or is busy with the same id. */
const PATIENCE = {
  tries: 50,
  passes: (error: unknown) =>
    isRetriable(error) || kafkaErrorType(error) === 'CONCURRENT_TRANSACTIONS',
}

/** An unsigned varint; all of them are small here. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

const compactString = (text: string) =>
  Buffer.concat([Buffer.from(varint(Buffer.byteLength(text) + 1)), Buffer.from(text)])

const NO_TAGS = Buffer.from([0])

/**
 * ListTransactions, version 0: https://kafka.apache.org/protocol#The_Messages_ListTransactions. It is flexible, so its
 * header ends with tags too, which kafkajs does not write: they are put in front of the body.
 */
const LIST_TRANSACTIONS = {
  apiKey: 66,
  apiVersion: 0,
  apiName: 'ListTransactions',
  encode() {
    const states = OPEN_STATES.map(compactString)
    const producerIds = Buffer.from(varint(0 + 1))
    const buffer = Buffer.concat([
      NO_TAGS,
      Buffer.from(varint(states.length + 1)),
      ...states,
      producerIds,
      NO_TAGS,
    ])
    return Promise.resolve({ buf: buffer, buffer })
  },
}

/** Errors that pass: a coordinator that loads its partitions, or that is none yet. */
const PASSING = new Set([14, 15])

const OPEN_TRANSACTIONS = {
  decode(payload: Buffer): Promise<OpenTransaction[]> {
    let at = 0
    const unsigned = () => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = payload[at++]!
        value |= (byte & 0x7f) << shift
        if (byte < 0x80) return value
      }
    }
    const string = () => {
      const length = unsigned() - 1
      at += length
      return payload.toString('utf8', at - length, at)
    }
    const list = <T>(read: () => T) => Array.from({ length: unsigned() - 1 }, read)
    const skip = (bytes: number) => {
      at += bytes
    }
    const tags = () => {
      for (let left = unsigned(); left > 0; left--) {
        unsigned()
        skip(unsigned())
      }
    }

    tags() // of the header
    skip(4) // how long the broker has throttled this
    const error = payload.readInt16BE(at)
    skip(2)
    list(string) // states that the broker does not know
    if (error !== 0) return Promise.reject(failure(error))
    return Promise.resolve(
      list(() => {
        const transactionalId = string()
        skip(8) // the producer's id
        const state = string()
        tags()
        return { transactionalId, state }
      }),
    )
  },
  parse: (answer: OpenTransaction[]) => Promise.resolve(answer),
}

const failure = (code: number) =>
  Object.assign(
    new TerminalError(
      'LIST_TRANSACTIONS',
      `A broker does not list its transactions: error code ${code}`,
    ),
    { retriable: PASSING.has(code) },
  )
