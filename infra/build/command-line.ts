import { parseArgs } from 'node:util'

/** One of the commands of this folder. */
export interface CommandLine {
  help: string
  /** besides --help */
  flags: readonly string[]
  /** names of the arguments that it needs */
  needs: readonly string[]
  /** what holds after Ctrl-C */
  ifStopped: string
  /** what holds after a failure; the error's message follows */
  ifFailed: string
  run(flags: ReadonlySet<string>, args: readonly string[], signal: AbortSignal): Promise<void>
}

/** Progress goes to standard error: standard output is for what is asked for. */
export const say = (line: string) => process.stderr.write(`${line}\n`)

/**
 * Runs a command, with Ctrl-C as its signal.
 * @returns the exit code: 0 done, 1 failed, 2 usage, 130 stopped
 */
export async function runCommandLine(command: CommandLine, argv: string[]): Promise<number> {
  const { help, flags, needs, ifStopped, ifFailed } = command
  let given
  try {
    const options = Object.fromEntries(
      ['help', ...flags].map((flag) => [flag, { type: 'boolean' as const }]),
    )
    given = parseArgs({ args: argv, options, allowPositionals: true })
    if (!given.values['help'] && given.positionals.length !== needs.length)
      throw new Error(`Arguments: ${needs.map((name) => `<${name}>`).join(' ') || 'none'}`)
  } catch (error) {
    say(`${(error as Error).message}\n\n${help}`)
    return 2
  }
  if (given.values['help']) {
    process.stdout.write(help)
    return 0
  }
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  try {
    await command.run(new Set(Object.keys(given.values)), given.positionals, stop.signal)
    return 0
  } catch (error) {
    if (stop.signal.aborted) {
      say(ifStopped)
      return 130
    }
    say(`${ifFailed}:\n  ${(error as Error).message}`)
    return 1
  }
}
