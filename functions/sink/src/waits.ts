import { setTimeout as sleep } from 'node:timers/promises'
import { TerminalError, messageOf, type Log } from '@order-up/kit'

/** What the sink depends on. */
export type Dependency = 'kafka' | 'registry' | 'warehouse'

const FIRST_DELAY_MS = 200
const LONGEST_DELAY_MS = 10_000

/** What the sink waits for, and why: said in the log when it begins and ends, and for as long as it lasts in /healthz. */
export class Waits {
  readonly #reasons = new Map<Dependency, string>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  get reasons(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#reasons)
  }

  begin(dependency: Dependency, reason: string) {
    if (this.#reasons.get(dependency) === reason) return
    this.#reasons.set(dependency, reason)
    this.#log.warn({ dependency, reason }, 'waiting; nothing is lost')
  }

  end(dependency: Dependency) {
    if (this.#reasons.delete(dependency)) this.#log.info({ dependency }, 'no longer waiting')
  }

  /**
   * Tries until it works, with a growing pause.
   * @param forMs after this long (default: for ever) it is an error to stop at
   * @throws TerminalError as thrown by the attempt, or `GAVE_UP`; the signal's reason when aborted in a pause
   */
  async untilItWorks<T>(
    dependency: Dependency,
    attempt: () => Promise<T>,
    { signal, forMs = Infinity }: { signal: AbortSignal; forMs?: number },
  ): Promise<T> {
    const giveUpAt = Date.now() + forMs
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(LONGEST_DELAY_MS, delay * 2)) {
      try {
        const result = await attempt()
        this.end(dependency)
        return result
      } catch (error) {
        if (error instanceof TerminalError) throw error
        const why = error instanceof Error && error.cause ? ` (${messageOf(error.cause)})` : ''
        this.begin(dependency, messageOf(error) + why)
        if (Date.now() + delay > giveUpAt) {
          throw new TerminalError('GAVE_UP', `No success for ${forMs} ms: ${messageOf(error)}`, {
            cause: error,
            remedy: `see to the ${dependency}, then start the sink again; it goes on from the committed offsets`,
          })
        }
      }
      await sleep(delay, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}
