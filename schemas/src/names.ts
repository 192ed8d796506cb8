/** Names that producers, engines and sinks agree on. They are part of the contract: never rename one. */
export const RAW_TOPIC = 'orders.events.raw'
export const CURATED_TOPIC = 'orders.orders.curated'
export const DLQ_TOPIC = 'orders.events.dlq'
export const SHARES_TOPIC = 'orders.engine.shares'
export const REPORTS_TOPIC = 'orders.engine.reports'

export const RAW_SUBJECT = `${RAW_TOPIC}-value`
export const CURATED_SUBJECT = `${CURATED_TOPIC}-value`

/** Where a deployment writes the rows of buckets that it does not own. */
export const shadowTopic = (deployment: string) => `orders.orders.shadow.${deployment}`
/** Where a deployment writes the dead letters of buckets that it does not own. */
export const shadowDlqTopic = (deployment: string) => `orders.events.dlq.shadow.${deployment}`

/** The consumer group in which a deployment reads raw. */
export const engineGroup = (deployment: string) => `order-up.engine.${deployment}`
/** Where a deployment on Kafka Streams keeps its state: Streams itself makes the name of group and store (`orders`). */
export const changelogTopic = (deployment: string) =>
  `order-up.engine.${deployment}-orders-changelog`
/** The consumer group in which the sink reads curated. */
export const SINK_GROUP = 'order-up.sink'
/** Begins the throw-away groups of whoever only reads: kafkajs cannot read without a group. */
export const READ_GROUP_PREFIX = 'order-up.read.'

/** Begins every transactional id of a deployment (but Kafka Streams begins them with its consumer group). */
export const transactionalIdPrefix = (deployment: string) => `${deployment}-`
/** The one transactional id that writes epochs, so that a second writer is fenced out. */
export const CONTROL_TRANSACTIONAL_ID = 'order-up.control'

/** The engines, and every deployment whose topics exist from the start (generations 1 and 2 of each). */
export const ENGINES = ['node', 'flink', 'kafka-streams'] as const
export type Engine = (typeof ENGINES)[number]
export const DEPLOYMENTS: readonly string[] = ENGINES.flatMap((e) => [`${e}-1`, `${e}-2`])

/** Headers of a curated row. Values are UTF-8; numbers are decimal. */
export const ROW_HEADERS = {
  engine: 'engine',
  partition: 'raw-partition',
  offset: 'raw-offset',
} as const

/** Headers that a dead letter adds to those of the raw record. */
export const DLQ_HEADERS = {
  reason: 'dlq-reason',
  detail: 'dlq-detail',
  topic: 'dlq-topic',
  partition: 'dlq-partition',
  offset: 'dlq-offset',
  engine: 'dlq-engine',
} as const

/** Marks what the swap copied from a shadow topic to where it belongs, rows and dead letters: its epoch, decimal. */
export const FILLED_HEADER = 'order-up-filled'

/** The version of the rules in this package (fold, validation): state, snapshots and verdicts carry it. */
export const CONTRACT_VERSION = 1
