import { OrderUpError } from '@order-up/kit'

/** The command's exit codes, the same for every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, notVerified: 3 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What a command needs of the world around it. */
export interface Shell {
  env: Readonly<Record<string, string | undefined>>
  /** folder of the project, where .order-up lies by default */
  root: string
  /** the answer */
  out(text: string): void
  /** everything else */
  err(text: string): void
  /** whether stderr is a terminal: a line that says what is going on is then written over */
  isTerminal: boolean
  /** aborts at Ctrl-C and SIGTERM */
  signal: AbortSignal
  /** what the process will answer; 0 unless a command says otherwise */
  exitCode: ExitCode
}

/** Something was asked for that cannot be: exit code 2. */
export class UsageError extends OrderUpError {
  constructor(message: string, remedy?: string) {
    super('USAGE', message, remedy === undefined ? {} : { remedy })
  }
}

/** The answer to a question, as a person or a program reads it. */
export function answer<T>(shell: Shell, json: boolean, value: T, text: (value: T) => string): void {
  shell.out(json ? `${JSON.stringify(value)}\n` : `${text(value)}\n`)
}

export interface Progress {
  /** replaces the line before on a terminal; elsewhere a line is written now and then, the first after a while */
  say(line: string): void
  /** takes the line away, so that what follows starts on a fresh one */
  clear(): void
  /** a line that stays */
  note(line: string): void
}

const EVERY_MS = 3_000
const CLEAR_LINE = '\r\u001b[2K'

/** One line that tells what is going on, on stderr. */
export function createProgress(
  shell: Pick<Shell, 'err' | 'isTerminal'>,
  everyMs = EVERY_MS,
): Progress {
  let shown = false
  let lastAt = performance.now()
  const clear = () => {
    if (shown) shell.err(CLEAR_LINE)
    shown = false
  }
  return {
    say(line) {
      if (shell.isTerminal) {
        shell.err(CLEAR_LINE + line)
        shown = true
        return
      }
      const now = performance.now()
      if (now - lastAt < everyMs) return
      lastAt = now
      shell.err(`${line}\n`)
    },
    clear,
    note(line) {
      clear()
      shell.err(`${line}\n`)
    },
  }
}
