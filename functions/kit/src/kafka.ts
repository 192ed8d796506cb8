import './kafkajs-repairs.ts'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs, { type Kafka as KafkaClient, type LogEntry, type RetryOptions } from 'kafkajs'
import type { KafkaConfig } from './config.ts'
import { TerminalError } from './errors.ts'
import type { Log } from './log.ts'

/** The library, for whoever needs more of it than its types: loaded after its repairs. */
export { kafkajs }

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
    ...security(config),
  })
}

function security({ KAFKA_SECURITY, AWS_REGION }: KafkaConfig) {
  if (KAFKA_SECURITY === 'plaintext') return {}
  if (KAFKA_SECURITY === 'tls') return { ssl: true }
  if (!AWS_REGION) throw new TerminalError('CONFIG', 'KAFKA_SECURITY=msk-iam needs AWS_REGION')
  const oauthBearerProvider = async () => {
    const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js')
    return { value: (await generateAuthToken({ region: AWS_REGION })).token }
  }
  return { ssl: true, sasl: { mechanism: 'oauthbearer' as const, oauthBearerProvider } }
}

/** kafkajs calls a broker that restarts an error; it is one only if the retries run out, and then it is thrown. */
function logEntry(
  log: Log,
  { namespace, log: { message, timestamp: _, logger: __, ...rest } }: LogEntry,
) {
  log.debug({ kafkajs: namespace, ...rest }, message)
}
