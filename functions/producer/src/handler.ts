import { OrderUpError, RetryableError, TerminalError, messageOf, type Log } from '@order-up/kit'
import type { Outcome, Problem } from './answers.ts'
import { sortEvents, type Sorted } from './ingest.ts'
import type { RawSender } from './send.ts'

export const MAX_EVENTS = 500
/** One record of this size still fits the broker's default max.message.bytes. */
export const MAX_BODY_BYTES = 1 << 20

/** An HTTP request, whoever received it. */
export interface HttpRequest {
  method: string
  /** without query */
  path: string
  contentType: string | undefined
  body: Buffer
}

export interface HttpResponse {
  status: number
  headers: Record<string, string>
  body: Outcome | Problem
}

export interface IngestOptions {
  /** connects to Kafka; called again after a failure */
  openSender: () => Promise<RawSender>
  /** how long a request waits for Kafka before it is answered 503, ms */
  deadlineMs: number
  log: Log
}

export interface Ingest {
  handle(request: HttpRequest): Promise<HttpResponse>
  /** connects ahead of the first request */
  warmUp(): Promise<void>
  /** the code of the last failure, until a request succeeds; undefined when well */
  trouble(): string | undefined
  close(): Promise<void>
}

/**
 * POST /events: checks what it is given and appends it to raw. The connection is kept from one request to the next;
 * one that failed is replaced on the next request. An event_id that comes twice, in one request or two, is appended
 * twice and applied once, so whoever did not get an answer sends the same again.
 */
export function createIngest({ openSender, deadlineMs, log }: IngestOptions): Ingest {
  let current: Promise<RawSender> | undefined
  let trouble: string | undefined

  function sender(): Promise<RawSender> {
    if (current) return current
    const opening = openSender()
    current = opening
    opening.catch(() => {
      if (current === opening) current = undefined
    })
    return opening
  }

  async function append({ valid }: Sorted): Promise<Outcome['accepted']> {
    const opening = sender()
    const { deadline, cancel } = startDeadline(deadlineMs)
    try {
      const to = await Promise.race([opening, deadline])
      const appended = await Promise.race([
        to.send(valid.map(({ event }) => to.messageOf(event))),
        deadline,
      ]).catch((error: unknown) => {
        // not one more request goes to a sender that failed; what it is still doing ends in the background
        if (current === opening) current = undefined
        void to.close()
        throw error
      })
      return valid.map(({ index, event: { event_id } }, i) => ({
        index,
        event_id,
        ...appended[i]!,
      }))
    } finally {
      cancel()
    }
  }

  function failed(error: unknown): HttpResponse {
    trouble = codeOf(error)
    log.error({ err: error }, 'nothing accepted')
    const known = error instanceof OrderUpError
    const next = error instanceof TerminalError ? '' : '; send the same request again'
    return {
      ...problem(503, trouble, `${known ? error.message : 'Unexpected failure'}${next}`),
      headers: { ...JSON_TYPE, 'retry-after': '1' },
    }
  }

  async function ingest(body: Buffer): Promise<HttpResponse> {
    const events = parseBody(body)
    if ('status' in events) return events
    const sorted = sortEvents(events)
    const { rejected } = sorted
    if (sorted.valid.length === 0) return answer(400, { accepted: [], rejected })
    try {
      const accepted = await append(sorted)
      trouble = undefined
      return answer(rejected.length === 0 ? 202 : 207, { accepted, rejected })
    } catch (error) {
      return failed(error)
    }
  }

  return {
    async handle(request) {
      return refusal(request) ?? (await ingest(request.body))
    },
    async warmUp() {
      try {
        await sender()
      } catch (error) {
        trouble = codeOf(error)
        log.warn({ err: error }, 'not connected yet; the next request tries again')
      }
    },
    trouble: () => trouble,
    async close() {
      await current?.then(
        (s) => s.close(),
        () => {},
      )
    },
  }
}

const codeOf = (error: unknown) => (error instanceof OrderUpError ? error.code : 'UNEXPECTED')

function startDeadline(ms: number): { deadline: Promise<never>; cancel: () => void } {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {}) // the race may have been decided before
  const timer = setTimeout(() => {
    reject(new RetryableError('KAFKA_UNREACHABLE', `Kafka did not answer within ${ms} ms`))
  }, ms)
  return { deadline: promise, cancel: () => clearTimeout(timer) }
}

const JSON_TYPE = { 'content-type': 'application/json' }

const answer = (status: number, body: Outcome): HttpResponse => ({
  status,
  headers: JSON_TYPE,
  body,
})

export const problem = (status: number, code: string, message: string): HttpResponse => ({
  status,
  headers: JSON_TYPE,
  body: { error: { code, message } },
})

/** The answer to what is not a POST of JSON to /events. */
function refusal({ method, path, contentType, body }: HttpRequest): HttpResponse | undefined {
  if (path !== '/events') return problem(404, 'NOT_FOUND', `No such path; POST /events`)
  if (method !== 'POST')
    return {
      ...problem(405, 'METHOD_NOT_ALLOWED', 'POST only'),
      headers: { ...JSON_TYPE, allow: 'POST' },
    }
  // also what makes a browser ask before another site's page may send it, and that is not answered
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? ''))
    return problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'content-type must be application/json')
  if (body.length > MAX_BODY_BYTES) return tooLarge()
  return undefined
}

export const tooLarge = () =>
  problem(413, 'BODY_TOO_LARGE', `The body is over ${MAX_BODY_BYTES} bytes`)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

function parseBody(body: Buffer): readonly unknown[] | HttpResponse {
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8.decode(body))
  } catch (error) {
    return problem(
      400,
      'INVALID_JSON',
      `The body is not JSON in UTF-8 (${messageOf(error).toWellFormed()})`,
    )
  }
  const events = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]
  if (events.length === 0) return problem(400, 'NO_EVENTS', 'The array is empty')
  if (events.length > MAX_EVENTS)
    return problem(413, 'TOO_MANY_EVENTS', `${events.length} events; at most ${MAX_EVENTS}`)
  return events
}
