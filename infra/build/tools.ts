import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** A program's arguments, as they are handed over: no shell reads them. */
export type Command = readonly [program: string, ...args: string[]]

/** The command as a person would type it. */
export const shown = (command: Command): string =>
  command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')

export class ToolError extends Error {
  /** what the program said */
  readonly stderr: string
  readonly stdout: string

  constructor(message: string, { stderr = '', stdout = '' } = {}) {
    super(message)
    this.stderr = stderr
    this.stdout = stdout
  }
}

const WHERE: Readonly<Record<string, string>> = {
  aws: 'https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
  mvn: 'install Maven and a JDK 17 or later, https://maven.apache.org/install.html',
  docker: 'https://docs.docker.com/engine/install/',
  pulumi: 'https://www.pulumi.com/docs/install/',
}

export interface RunOptions {
  signal: AbortSignal
  /** for its standard input; not shown anywhere */
  input?: string
  /** whether its standard error is shown as it comes, as of what takes minutes */
  follow?: boolean
  /** is told of each line of its standard output as it comes */
  onLine?: (line: string) => void
}

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws ToolError where it is not on the PATH (saying where to get it) or fails (with its own words)
 */
export async function run(
  command: Command,
  { signal, input, follow = false, onLine }: RunOptions,
): Promise<string> {
  const [program, ...args] = command
  const child = spawn(program, args, { stdio: 'pipe' })
  const end = () => child.kill() // it is waited for below: docker has things to put away
  signal.addEventListener('abort', end)
  child.stdin.on('error', () => {}) // it may end without having read
  child.stdin.end(input)
  if (onLine) createInterface(child.stdout).on('line', onLine)
  if (follow) child.stderr.pipe(process.stderr, { end: false })
  try {
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    signal.throwIfAborted()
    if (code === 0) return stdout
    const words = follow ? '' : `:\n  ${stderr.trim()}`
    throw new ToolError(`${shown(command)} failed with ${code}${words}`, { stderr, stdout })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new ToolError(`${program} is not on the PATH.\n  Next: ${WHERE[program] ?? 'install it'}`)
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** How commands are run: in a dry run, `change` prints only. */
export interface Tools {
  read(command: Command): Promise<string>
  change(command: Command, options?: Omit<RunOptions, 'signal'>): Promise<string>
}
