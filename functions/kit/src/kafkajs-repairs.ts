import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import type kafkajsModule from 'kafkajs'
import { EncodedRecords } from './encoded-records.ts'
import { TerminalError } from './errors.ts'
import { frameRequest, produceRequest } from './produce-request.ts'

/** its last release */
export const KAFKAJS_VERSION = '2.2.4'

/**
 * Loads kafkajs 2.2.4, its last release, with what is wrong or slow inside it replaced:
 * - what is produced is encoded by produce-request.ts, once and in one buffer, and a send's messages are no longer grouped
 *   per partition in quadratic time: this was most of the cost of producing (measured);
 * - a read_committed consumer is shown records of an aborted transaction where a fetch begins within two of them;
 * - a broker that cannot name a group's coordinator yet (it is coming up) is not asked again;
 * - after every answer a timer of negative length is set, of which Node 24 warns.
 *
 * Nobody else loads it: exactly once depends on the repairs. It is never part of a bundle, which would hide its modules
 * from them, but lies beside it as node_modules/kafkajs.
 */

interface Grouping<Message> {
  topic: string
  partitionMetadata: readonly unknown[]
  messages: readonly Message[] | EncodedRecords
  partitioner(args: {
    topic: string
    partitionMetadata: readonly unknown[]
    message: Message
  }): number
}

export function groupMessagesPerPartition<Message>(grouping: Grouping<Message>) {
  const { topic, partitionMetadata, messages, partitioner } = grouping
  const groups: Record<number, Message[] | EncodedRecords> = {}
  if (partitionMetadata.length === 0) return groups
  if (messages instanceof EncodedRecords) return { [messages.partition]: messages }
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = (groups[partition] ??= []) as Message[]
    group.push(message)
  }
  return groups
}

interface FetchedMessage {
  offset: string
  isControlRecord: boolean
  batchContext: { producerId: string; inTransaction: boolean }
}

/**
 * What read_committed shows of a fetch. kafkajs's own takes up one aborted transaction a record, so that of two which
 * began before the fetch the second is noticed one record late.
 * @param abortedTransactions those that overlap with the fetch
 */
export function filterAbortedMessages<M extends FetchedMessage>({
  messages,
  abortedTransactions,
}: {
  messages: M[]
  abortedTransactions: readonly { firstOffset: string; producerId: string }[] | null
}): M[] {
  if (!abortedTransactions || abortedTransactions.length === 0) return messages
  const begins = abortedTransactions
    .map(({ firstOffset, producerId }) => ({ offset: Number(firstOffset), producerId }))
    .toSorted((a, b) => a.offset - b.offset)
  /** producers of which an aborted transaction is under way */
  const aborting = new Set<string>()
  let begun = 0
  return messages.filter(({ offset, isControlRecord, batchContext }) => {
    while (begun < begins.length && begins[begun]!.offset <= Number(offset))
      aborting.add(begins[begun++]!.producerId)
    const { producerId, inTransaction } = batchContext
    if (isControlRecord) aborting.delete(producerId) // it ends the transaction; nobody is shown it
    return isControlRecord || !(inTransaction && aborting.has(producerId))
  })
}

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
}

/** Sets no timer where nothing waits and the broker has not asked for patience. */
function calmDown(queue: { scheduleCheckPendingRequests(this: RequestQueue): void }) {
  const schedule = queue.scheduleCheckPendingRequests
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
  }
}

interface Cluster {
  findGroupCoordinatorMetadata(group: unknown): Promise<unknown>
}

/** Makes the error one that kafkajs's search for a coordinator tries again after. */
function keepAsking(cluster: Cluster, BrokerNotFound: new (message: string) => Error) {
  const find = cluster.findGroupCoordinatorMetadata
  cluster.findGroupCoordinatorMetadata = async function (group) {
    try {
      return await find.call(this, group)
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'KafkaJSGroupCoordinatorNotFound') throw error
      throw new BrokerNotFound(error.message)
    }
  }
}

/** @throws TerminalError `KAFKAJS` where it is missing, of another version, or was loaded by someone else before */
function loadRepaired(): typeof kafkajsModule {
  const require = createRequire(import.meta.url)
  const source = 'kafkajs/src'
  const version = versionFoundBy(require)
  if (version !== KAFKAJS_VERSION)
    throw new TerminalError('KAFKAJS', `kafkajs is ${version}, not ${KAFKAJS_VERSION}`, {
      remedy: 'look at what is replaced in it, and why: kafkajs-repairs.ts',
    })
  const folder = dirname(require.resolve(`${source}/index.js`)) + sep
  if (Object.keys(require.cache).some((path) => path.startsWith(folder)))
    throw new TerminalError('KAFKAJS', 'kafkajs was loaded before it was repaired', {
      remedy: 'load it through the kit',
    })
  for (const [path, replacement] of [
    [`${source}/protocol/requests/produce/v3/request.js`, produceRequest],
    [`${source}/protocol/request.js`, frameRequest],
    [`${source}/producer/groupMessagesPerPartition.js`, groupMessagesPerPartition],
    [`${source}/consumer/filterAbortedMessages.js`, filterAbortedMessages],
  ] as const) {
    require(path)
    require.cache[require.resolve(path)]!.exports = replacement
  }
  const queue = require(`${source}/network/requestQueue/index.js`) as { prototype: never }
  calmDown(queue.prototype)
  const cluster = require(`${source}/cluster/index.js`) as { prototype: Cluster }
  const errors = require(`${source}/errors.js`) as {
    KafkaJSBrokerNotFound: new (message: string) => Error
  }
  keepAsking(cluster.prototype, errors.KafkaJSBrokerNotFound)
  return require('kafkajs') as typeof kafkajsModule
}

function versionFoundBy(require: NodeJS.Require): string {
  try {
    return (require('kafkajs/package.json') as { version: string }).version
  } catch (cause) {
    throw new TerminalError('KAFKAJS', 'kafkajs is not beside this code', {
      cause,
      remedy: 'a bundle carries it as node_modules/kafkajs: npm run build',
    })
  }
}

/** The library, repaired. */
export const kafkajs = loadRepaired()
