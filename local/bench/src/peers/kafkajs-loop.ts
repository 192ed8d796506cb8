// The least that anybody does with kafkajs 2.2.4, as it is: consume, send what came in one transaction, commit.
// Partitions are given and sends are small, which is the quickest way through it that we know.
import kafkajs from 'kafkajs'

const { Kafka, logLevel } = kafkajs
const [brokers, groupId, from, to] = process.argv.slice(2) as [string, string, string, string]
const kafka = new Kafka({
  brokers: [brokers],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 10 },
})

const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 1 << 20, maxWaitTimeInMs: 100 })
const producers = new Map<number, ReturnType<typeof producerOf>>()
const producerOf = async (partition: number) => {
  const producer = kafka.producer({
    transactionalId: `${groupId}-${partition}`,
    maxInFlightRequests: 1,
    createPartitioner: () => () => partition,
  })
  await producer.connect()
  return producer
}
const SEND = 250

await consumer.connect()
await consumer.subscribe({ topic: from, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch: { partition, messages } }) => {
    if (!producers.has(partition)) producers.set(partition, producerOf(partition))
    const transaction = await (await producers.get(partition)!).transaction()
    for (let i = 0; i < messages.length; i += SEND) {
      const part = messages.slice(i, i + SEND).map(({ key, value }) => ({ key, value, partition }))
      await transaction.send({ topic: to, acks: -1, messages: part })
    }
    const offset = String(BigInt(messages.at(-1)!.offset) + 1n)
    const topics = [{ topic: from, partitions: [{ partition, offset }] }]
    await transaction.sendOffsets({ consumerGroupId: groupId, topics })
    await transaction.commit()
  },
})
process.send!('running')
