import { getCACertificates } from 'node:tls'
import { kafkaSecurity, type KafkaConfig } from '@order-up/kit'
import type { NativeSettings } from './native-addon.ts'

/** A dead letter may have 8 MiB, see control's topics.ts; what a topic takes is the broker's to say. */
const MESSAGE_MAX_BYTES = 16 << 20
/** librdkafka's limit; what waits is bounded by the step that made it */
const NO_LIMIT_KB = 2_147_483_647

/**
 * librdkafka's settings (https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md) for whatever talks to
 * the cluster that the config names.
 * @throws TerminalError `CONFIG` as createKafka does
 */
export function clientSettings(config: KafkaConfig, clientId: string): NativeSettings {
  return {
    'bootstrap.servers': config.KAFKA_BROKERS.join(','),
    'client.id': clientId,
    // a broker that restarts is asked again as soon as kafkajs asks
    'reconnect.backoff.ms': 50,
    'reconnect.backoff.max.ms': 1_000,
    'retry.backoff.ms': 2,
    'retry.backoff.max.ms': 1_000,
    log_level: 4,
    ...securitySettings(config),
  }
}

/** Of a producer that is alone with its transactional id. */
export function producerSettings(
  client: NativeSettings,
  transactionalId: string,
  transactionTimeoutMs: number,
): NativeSettings {
  return {
    ...client,
    'transactional.id': transactionalId,
    'transaction.timeout.ms': transactionTimeoutMs,
    'enable.idempotence': true,
    // the commit flushes at once: until then a batch fills
    'linger.ms': LINGER_MS,
    'batch.num.messages': 10_000,
    'message.max.bytes': MESSAGE_MAX_BYTES,
    // a full queue would fail the transaction again and again: its size is the step's, which is bounded
    'queue.buffering.max.messages': 0,
    'queue.buffering.max.kbytes': NO_LIMIT_KB,
  }
}

/** of 0, 5 and 100 ms: 9.5, 7.5 and 6.8 CPU-s for a million records with three headers */
const LINGER_MS = 100

/** Of the group's name: it neither joins nor fetches. */
export const groupSettings = (client: NativeSettings, groupId: string): NativeSettings => ({
  ...client,
  'group.id': groupId,
  'enable.auto.commit': false,
})

function securitySettings(config: KafkaConfig): NativeSettings {
  const { ssl, sasl } = kafkaSecurity(config)
  if (!ssl) return {}
  // Node's own authorities, so that both transports trust the same; a slim image has no others
  const tls = { 'ssl.ca.pem': getCACertificates('default').join('\n') }
  if (!sasl) return { 'security.protocol': 'ssl', ...tls }
  if (sasl.mechanism === 'scram-sha-512')
    return {
      'security.protocol': 'sasl_ssl',
      ...tls,
      'sasl.mechanisms': 'SCRAM-SHA-512',
      'sasl.username': sasl.username,
      'sasl.password': sasl.password,
    }
  const { oauthBearerProvider } = sasl
  return {
    'security.protocol': 'sasl_ssl',
    ...tls,
    'sasl.mechanisms': 'OAUTHBEARER',
    /** asked for at once, and again after four fifths of a token's time */
    oauthbearer_token_refresh_cb: async () => {
      const { value, expiresAt } = await oauthBearerProvider()
      return { tokenValue: value, lifetime: expiresAt, principal: 'msk-iam' }
    },
  }
}
