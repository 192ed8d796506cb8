import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Kafka as KafkaClient, LogEntry, RetryOptions } from 'kafkajs'
import type { KafkaConfig } from './config.ts'
import { TerminalError } from './errors.ts'
import { kafkajs, KAFKAJS_VERSION } from './kafkajs-repairs.ts'
import type { Log } from './log.ts'

/** The library, for whoever needs more of it than its types. */
export { kafkajs, KAFKAJS_VERSION }

const { Kafka, CompressionCodecs, CompressionTypes, logLevel } = kafkajs

// kafkajs reads gzip only; producers that use zstd must not stop a worker (Node 24 has it built in).
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: { buffer: Buffer }) => Promise.resolve(zstdCompressSync(encoder.buffer)),
  decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer)),
})

/** Kafka answers CONCURRENT_TRANSACTIONS for a moment after a commit, so the first retry comes soon. */
const RETRY: RetryOptions = {
  initialRetryTime: 10,
  maxRetryTime: 1_000,
  retries: 12,
  factor: 0.2,
  multiplier: 1.7,
}

/**
 * A kafkajs client with this project's defaults.
 * @param clientId shown in the broker's logs and quotas
 * @throws TerminalError `CONFIG` where the keys of the config do not go together
 */
export function createKafka(config: KafkaConfig, clientId: string, log: Log): KafkaClient {
  return new Kafka({
    clientId,
    brokers: config.KAFKA_BROKERS,
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    retry: RETRY,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => logEntry(log, entry),
    ...kafkaSecurity(config),
  })
}

interface Security {
  ssl?: true
  sasl?:
    | { mechanism: 'scram-sha-512'; username: string; password: string }
    | {
        mechanism: 'oauthbearer'
        /** `expiresAt`: epoch milliseconds; kafkajs has no use for it */
        oauthBearerProvider: () => Promise<{ value: string; expiresAt: number }>
      }
}

/**
 * How to log in, in kafkajs's form.
 * @throws TerminalError `CONFIG` naming a key that the way of logging in needs, or that it has no use for
 */
export function kafkaSecurity(config: KafkaConfig): Security {
  const { KAFKA_SECURITY: how, AWS_REGION: region } = config
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = config
  if (how === 'scram') {
    if (!username) throw broken('KAFKA_USERNAME', 'is not set', 'needed with KAFKA_SECURITY=scram')
    if (!password) throw broken('KAFKA_PASSWORD', 'is not set', 'needed with KAFKA_SECURITY=scram')
    return { ssl: true, sasl: { mechanism: 'scram-sha-512', username, password } }
  }
  for (const key of ['KAFKA_USERNAME', 'KAFKA_PASSWORD'] as const)
    if (config[key])
      throw broken(key, 'is set', `of use only with KAFKA_SECURITY=scram, not ${how}`)
  if (how === 'plaintext') return {}
  if (how === 'tls') return { ssl: true }
  if (!region) throw broken('AWS_REGION', 'is not set', 'needed with KAFKA_SECURITY=msk-iam')
  const oauthBearerProvider = async () => {
    const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js')
    const { token, expiryTime } = await generateAuthToken({ region })
    return { value: token, expiresAt: expiryTime }
  }
  return { ssl: true, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } }
}

const broken = (key: string, state: string, rule: string) =>
  new TerminalError('CONFIG', `Invalid configuration:\n  ${key} ${state}: ${rule}`)

/** kafkajs calls a broker that restarts an error; it is one only if the retries run out, and then it is thrown. */
function logEntry(
  log: Log,
  { namespace, log: { message, timestamp: _, logger: __, ...rest } }: LogEntry,
) {
  log.debug({ kafkajs: namespace, ...rest }, message)
}
