import { parseArgs } from 'node:util'
import { describe, TerminalError } from '@order-up/kit'

export interface CommandLine {
  /** of WORKERS; whether it is a number is the configuration's to say */
  workers?: string
  /** which of them this process is: 1, 2, …; the command that runs several says so to each */
  worker?: string
}

/** @throws TerminalError `USAGE` */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const options = { workers: { type: 'string' }, worker: { type: 'string' } } as const
    return { ...parseArgs({ args: [...args], options }).values }
  } catch (cause) {
    throw new TerminalError('USAGE', 'The engine does not know what it is to do', {
      cause,
      remedy: 'main.ts [--workers <how many processes share the partitions; default: the cores>]',
    })
  }
}

/** What is wrong goes to stderr, and the process exits with 2. */
export function commandLineOrExit(): CommandLine {
  try {
    return parseCommandLine(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    process.exit(2)
  }
}
