interface Options {
  cause?: unknown
  /** what the reader should do next, ideally a command */
  remedy?: string
}

/** An error that a person or another program acts on: a stable code, what happened and why, and what to do. */
export class OrderUpError extends Error {
  readonly code: string
  readonly remedy: string | undefined

  constructor(code: string, message: string, { cause, remedy }: Options = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.remedy = remedy
  }
}

/** Going on would be wrong, now and after a restart: stop loudly. */
export class TerminalError extends OrderUpError {}

/** The same attempt may succeed later. */
export class RetryableError extends OrderUpError {}

/** A newer producer with our transactional id exists: drop the partition and rejoin the group. */
export class FencedError extends OrderUpError {}

/** "what happened (why). Next: what to do", for a terminal. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` (${messageOf(error.cause)})`
  const remedy = error instanceof OrderUpError && error.remedy ? `\n  Next: ${error.remedy}` : ''
  return `${error.message}${cause}${remedy}`
}

export const messageOf = (error: unknown) =>
  error instanceof Error ? error.message : String(error)

/** Whether kafkajs says of its own error that another attempt may go well. */
export const isRetriable = (error: unknown): boolean =>
  error instanceof Error && 'retriable' in error && error.retriable === true
