import { z } from 'zod'
import { TerminalError, describe } from './errors.ts'

/**
 * Parses environment variables (or any flat record from outside) once, at the entry point.
 * @throws TerminalError `CONFIG` naming every key, its value (unless it is a secret) and the rule it breaks
 */
export function parseConfig<T extends z.ZodType>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const parsed = schema.safeParse(env)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => {
    const key = issue.path.join('.')
    return `${key || 'config'}${shown(key, env[String(issue.path[0])])}: ${issue.message}`
  })
  throw new TerminalError('CONFIG', `Invalid configuration:\n  ${lines.join('\n  ')}`)
}

/** keys whose values belong in no log */
const SECRET = /(PASSWORD|PRIVATE_KEY)$/

function shown(key: string, value: string | undefined): string {
  if (value === undefined) return ' is not set'
  return SECRET.test(key) && value !== '' ? '=(not shown)' : `=${JSON.stringify(value)}`
}

/**
 * parseConfig at an entry point: what is wrong goes to stderr, and the process exits with 2.
 * @param flags of the command line: each is worth more than its namesake in the environment
 */
export function configOrExit<T extends z.ZodType>(
  schema: T,
  flags: Readonly<Record<string, string | undefined>> = {},
): z.output<T> {
  try {
    const given = Object.entries(flags).filter(([, value]) => value !== undefined)
    return parseConfig(schema, { ...process.env, ...Object.fromEntries(given) })
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    process.exit(2)
  }
}

/** "a:1,b:2" → ["a:1", "b:2"] */
export const Brokers = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().regex(/^[^:\s]+:\d{1,5}$/, 'host:port, separated by commas')).min(1))

/** What every worker needs to reach Kafka and the registry. */
export const KafkaConfig = z.object({
  KAFKA_BROKERS: Brokers.default(['127.0.0.1:9092']),
  /** plaintext (a laptop), or TLS: alone, with IAM auth (AWS_REGION), or with SCRAM-SHA-512 (KAFKA_USERNAME, …) */
  KAFKA_SECURITY: z.enum(['plaintext', 'tls', 'msk-iam', 'scram']).default('plaintext'),
  AWS_REGION: z.string().optional(),
  KAFKA_USERNAME: z.string().min(1).optional(),
  KAFKA_PASSWORD: z.string().min(1).optional(),
  SCHEMA_REGISTRY_URL: z.url().default('http://127.0.0.1:8081/apis/ccompat/v7'),
})
export type KafkaConfig = z.infer<typeof KafkaConfig>

export const WorkerConfig = z.object({
  /** the worker's own port for /metrics, /healthz and /livez; 0 = any free one */
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** how long it may take to put everything away after it is told to stop; then it exits anyway */
  STOP_DEADLINE_MS: z.coerce.number().int().min(1_000).max(600_000).default(10_000),
})

export const LogLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .default('info')
