import { Command, CommanderError } from 'commander'
import { describe } from '@order-up/kit'
import { conformCommand } from './commands/conform.ts'
import { dlqCommand } from './commands/dlq.ts'
import { doctorCommand } from './commands/doctor.ts'
import { downCommand } from './commands/down.ts'
import { failoverCommand } from './commands/failover.ts'
import { orderCommand } from './commands/order.ts'
import { produceCommand } from './commands/produce.ts'
import { queryCommand } from './commands/query.ts'
import { replayCommand } from './commands/replay.ts'
import { retireCommand } from './commands/retire.ts'
import { shadowCommand } from './commands/shadow.ts'
import { splitCommand } from './commands/split.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { swapCommand } from './commands/swap.ts'
import { upCommand } from './commands/up.ts'
import { verifyCommand } from './commands/verify.ts'
import { EXIT, UsageError, type ExitCode, type Shell } from './shell.ts'

const COMMANDS = [
  startCommand,
  upCommand,
  downCommand,
  statusCommand,
  produceCommand,
  replayCommand,
  orderCommand,
  queryCommand,
  dlqCommand,
  verifyCommand,
  shadowCommand,
  splitCommand,
  swapCommand,
  retireCommand,
  failoverCommand,
  conformCommand,
  doctorCommand,
]

/** Runs one command line. @param args without node and script */
export async function run(shell: Shell, args: readonly string[]): Promise<ExitCode> {
  const program = new Command('order-up')
    .description('Stream orders into a warehouse behind stable contracts.')
    .addHelpText(
      'after',
      `\nExit codes: ${EXIT.done} done, ${EXIT.failed} failed, ${EXIT.usage} usage, ${EXIT.notVerified} not verified.`,
    )
  for (const command of COMMANDS) program.addCommand(command(shell))
  for (const command of withSubcommands(program))
    command
      .exitOverride()
      .showHelpAfterError('(see --help)')
      .configureOutput({ writeOut: shell.out, writeErr: shell.err })
  try {
    await program.parseAsync(args, { from: 'user' })
    return shell.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (shell.signal.aborted) {
      shell.err('Stopped before it was done\n') // what then failed is no news
      return EXIT.failed
    }
    shell.err(`${describe(error)}\n`)
    return error instanceof UsageError ? EXIT.usage : EXIT.failed
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}
