/** Ten years, as on the local stack: a group that stood still for weeks must resume where it was, not at offset 0. */
const OFFSETS_RETENTION_MINUTES = 10 * 365 * 24 * 60

/**
 * How long a transaction may stay open, milliseconds: Kafka's own default. Flink asks for all of it: within that time a
 * job that died has to be up again, or the rows of its last checkpoint are lost. Nor can it be much longer: as long may
 * a transaction that nobody ends hold the readers of curated.
 */
export const TRANSACTION_MAX_TIMEOUT_MS = 900_000

/**
 * The settings of MSK's brokers on which the contract depends, stated even where they are MSK's own default. What the
 * local broker sets beyond that is for a laptop (threads, fewer partitions of Kafka's own topics), or for quick tests
 * (shorter timeouts of groups and of abandoned transactions), or is not to be set on MSK.
 * @param replicationFactor of every topic, Kafka's own ones included
 * @returns the text of server.properties
 */
export function brokerProperties(replicationFactor: number): string {
  const minIsr = Math.max(1, replicationFactor - 1)
  const properties: Readonly<Record<string, string | number | boolean>> = {
    // a topic that is misspelt, or read before it was made, would get the wrong partitions for ever
    'auto.create.topics.enable': false,
    'default.replication.factor': replicationFactor,
    'min.insync.replicas': minIsr,
    'offsets.topic.replication.factor': replicationFactor,
    'transaction.state.log.replication.factor': replicationFactor,
    'transaction.state.log.min.isr': minIsr,
    'transaction.max.timeout.ms': TRANSACTION_MAX_TIMEOUT_MS,
    // MSK's default is true: a replica that lags would lead, and records that were acknowledged would be gone
    'unclean.leader.election.enable': false,
    'offsets.retention.minutes': OFFSETS_RETENTION_MINUTES,
  }
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** The port of each broker, once. @param brokers as host:port */
export const portsOf = (brokers: readonly string[]): number[] => [
  ...new Set(brokers.map((broker) => Number(broker.slice(broker.lastIndexOf(':') + 1)))),
]
