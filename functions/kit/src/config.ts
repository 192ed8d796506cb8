import { z } from 'zod'
import { TerminalError } from './errors.ts'

/**
 * Parses environment variables (or any flat record from outside) once, at the entry point.
 * @throws TerminalError `CONFIG` naming every key, its value and the rule it breaks
 */
export function parseConfig<T extends z.ZodType>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const parsed = schema.safeParse(env)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => {
    const key = issue.path.join('.')
    const value = env[key]
    return `${key || 'config'}${value === undefined ? ' is not set' : `=${JSON.stringify(value)}`}: ${issue.message}`
  })
  throw new TerminalError('CONFIG', `Invalid configuration:\n  ${lines.join('\n  ')}`)
}

/** "a:1,b:2" → ["a:1", "b:2"] */
export const Brokers = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().regex(/^[^:\s]+:\d{1,5}$/, 'host:port, separated by commas')).min(1))

/** What every worker needs to reach Kafka and the registry. */
export const KafkaConfig = z.object({
  KAFKA_BROKERS: Brokers.default(['127.0.0.1:9092']),
  /** plaintext (a laptop), tls, or msk-iam (TLS with IAM auth; needs AWS_REGION) */
  KAFKA_SECURITY: z.enum(['plaintext', 'tls', 'msk-iam']).default('plaintext'),
  AWS_REGION: z.string().optional(),
  SCHEMA_REGISTRY_URL: z.url().default('http://127.0.0.1:8081/apis/ccompat/v7'),
})
export type KafkaConfig = z.infer<typeof KafkaConfig>

/** A worker's own HTTP port for /metrics and /healthz; 0 = any free one. */
export const HttpConfig = z.object({
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
})

export const LogLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .default('info')
