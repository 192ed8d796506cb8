/** Ten years, as on the local stack: a group that stood still for weeks must resume where it was, not at offset 0. */
const OFFSETS_RETENTION_MINUTES = 10 * 365 * 24 * 60

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
