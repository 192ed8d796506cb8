import type { SchemaIds } from '@order-up/schemas'
import { RetryableError, TerminalError, messageOf, type OrderUpError } from './errors.ts'

/** Confluent's Schema Registry API, as far as this project needs it. */
export interface Registry {
  /** Every id of the subject with its version. An absent subject has none. */
  subjectIds(subject: string): Promise<SchemaIds>
  /** The id under which exactly this schema is registered. @throws TerminalError `SCHEMA_NOT_REGISTERED` */
  idOf(subject: string, schema: object): Promise<number>
  /** For a deploy only; workers never register. @throws TerminalError `SCHEMA_INCOMPATIBLE` in the registry's own words */
  register(subject: string, schema: object): Promise<number>
  setCompatibility(subject: string, level: 'FULL_TRANSITIVE'): Promise<void>
}

interface Answer {
  status: number
  body: unknown
}

/** @param url of the API's root, as http://127.0.0.1:8081/apis/ccompat/v7 */
export function createRegistry(url: string): Registry {
  const root = url.replace(/\/$/, '')

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    let answer: Response
    try {
      answer = await fetch(root + path, {
        method,
        signal: AbortSignal.timeout(10_000),
        ...(body === undefined
          ? {}
          : {
              headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
              body: JSON.stringify(body),
            }),
      })
      const text = await answer.text()
      if (answer.status >= 500) throw new Error(`${answer.status} ${text.slice(0, 200)}`)
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
    } catch (cause) {
      throw new RetryableError(
        'REGISTRY_UNREACHABLE',
        `The schema registry at ${root} does not answer`,
        {
          cause,
          remedy: 'check SCHEMA_REGISTRY_URL, or `npm run order-up -- status`',
        },
      )
    }
  }

  const unexpected = (what: string, { status, body }: Answer): OrderUpError =>
    new TerminalError(
      'REGISTRY',
      `${what}: the registry answered ${status} ${JSON.stringify(body)}`,
    )

  const path = (subject: string) => `/subjects/${encodeURIComponent(subject)}`

  return {
    async subjectIds(subject) {
      const listed = await call('GET', `${path(subject)}/versions`)
      if (listed.status === 404) return new Map()
      if (listed.status !== 200) throw unexpected(`Versions of ${subject}`, listed)
      const versions = await Promise.all(
        (listed.body as number[]).map(async (version) => {
          const one = await call('GET', `${path(subject)}/versions/${version}`)
          if (one.status !== 200) throw unexpected(`${subject} version ${version}`, one)
          return [(one.body as { id: number }).id, version] as const
        }),
      )
      return new Map(versions)
    },

    async idOf(subject, schema) {
      const found = await call('POST', path(subject), { schema: JSON.stringify(schema) })
      if (found.status === 200) return (found.body as { id: number }).id
      if (found.status !== 404) throw unexpected(`Look-up in ${subject}`, found)
      throw new TerminalError(
        'SCHEMA_NOT_REGISTERED',
        `Subject ${subject} does not hold this code's schema`,
        {
          remedy: 'deploy the schemas first (`npm run order-up -- up` does so locally)',
        },
      )
    },

    async register(subject, schema) {
      const done = await call('POST', `${path(subject)}/versions`, {
        schema: JSON.stringify(schema),
      })
      if (done.status === 200) return (done.body as { id: number }).id
      if (done.status !== 409) throw unexpected(`Registration in ${subject}`, done)
      throw new TerminalError(
        'SCHEMA_INCOMPATIBLE',
        `Subject ${subject} refuses the schema: ${(done.body as { message?: string }).message ?? ''}`,
      )
    },

    async setCompatibility(subject, level) {
      const done = await call('PUT', `/config/${encodeURIComponent(subject)}`, {
        compatibility: level,
      })
      if (done.status !== 200) throw unexpected(`Compatibility of ${subject}`, done)
    },
  }
}

/** Waits for a registry that does not answer, saying so through `onWait`; every other error is thrown. */
export async function waitForRegistry<T>(
  ask: () => Promise<T>,
  {
    signal,
    onWait,
    everyMs = 1_000,
  }: { signal: AbortSignal; onWait: (why: string) => void; everyMs?: number },
): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error
      onWait(messageOf(error))
    }
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
