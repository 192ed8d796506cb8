import { Command } from 'commander'
import { shadowStartCommand } from './shadow-start.ts'
import { shadowReportCommand } from './shadow-report.ts'
import type { Shell } from '../shell.ts'

export const shadowCommand = (shell: Shell) =>
  new Command('shadow')
    .summary('run a second engine beside the first, and see whether their rows agree')
    .description(
      `A second engine beside the one that has the orders: it folds every event as well, writes to topics of its own, and a
comparer checks its rows against the other's. \`order-up retire\` takes it away again.`,
    )
    .addCommand(shadowStartCommand(shell))
    .addCommand(shadowReportCommand(shell))
