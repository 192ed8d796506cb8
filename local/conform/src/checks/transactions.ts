import { randomUUID } from 'node:crypto'
import { RAW_TOPIC } from '@order-up/schemas'
import type { Transaction } from 'kafkajs'
import type { Bench } from '../bench.ts'
import type { RawEntry } from '../ledger.ts'
import { entryOf, tyingEvent } from '../raw-records.ts'

/** Writes to raw in a transaction, which then ends as `end` says; before that nobody may see anything of it. */
export async function inTransaction(
  bench: Bench,
  entries: readonly RawEntry[],
  end: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  const producer = bench.rig.kafka.producer({
    transactionalId: `conform-${randomUUID()}`,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  try {
    const transaction = await producer.transaction()
    const messages = entries.map(({ key, value, partition }) => ({ key, value, partition }))
    await transaction.send({ topic: RAW_TOPIC, messages, acks: -1 })
    await end(transaction)
  } finally {
    await producer.disconnect()
  }
}

/** Two events of orders of their own that nobody must ever see, at the end of a partition. */
export function writeAborted(bench: Bench, partition: number): Promise<void> {
  const entries: RawEntry[] = []
  for (let i = 0; entries.length < 2; i++) {
    const order = `aborted-${bench.random.hex(1)}-${i}`
    const entry = entryOf(tyingEvent(bench.random, order, Date.UTC(2026)), bench.target)
    if (entry.partition === partition) entries.push(entry)
  }
  return inTransaction(bench, entries, (transaction) => transaction.abort())
}
