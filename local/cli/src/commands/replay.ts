import { Command } from 'commander'
import { runReplay, type ReplayResult } from '@order-up/producer'
import { addReachOptions, reach, withAdmin, type Reach, type ReachOptions } from '../reach.ts'
import { EXIT, answer, createProgress, type Shell } from '../shell.ts'
import { count } from '../text-table.ts'

export const replayCommand = (shell: Shell) =>
  addReachOptions(new Command('replay'))
    .summary('replay the Olist files into raw')
    .description(
      'Sends the orders of orders.csv, order_items.csv and order_payments.csv as events, in event-time order.',
    )
    .argument('<dir>', 'folder of the files')
    .action(async (dir: string, options: ReachOptions) => {
      const reached = await reach(shell, options)
      await withAdmin(reached, () => Promise.resolve()) // says at once if there is no Kafka
      const result = await replay(shell, reached, dir)
      answer(shell, options.json ?? false, result, replayText)
      if (!result.complete) shell.exitCode = EXIT.failed
    })

/** Replays with progress on stderr. */
export async function replay(
  shell: Shell,
  { kafka, registry }: Pick<Reach, 'kafka' | 'registry'>,
  dir: string,
): Promise<ReplayResult> {
  const progress = createProgress(shell)
  progress.say(`reading ${dir}`)
  const result = await runReplay({
    dir,
    kafka,
    registry,
    signal: shell.signal,
    onProgress: ({ total, of }) => progress.say(`replayed ${count(total)} of ${count(of)} events`),
    onRetry: (why) => progress.say(`waiting for Kafka: ${why}`),
  }).finally(() => progress.clear())
  return result
}

export const replayText = ({ orders, total, of, orphans, complete }: ReplayResult) =>
  [
    `${count(orders)} orders, ${count(total)} of ${count(of)} events`,
    orphans > 0 ? `; ${count(orphans)} rows of items or payments belong to no order` : '',
    complete ? '' : '; stopped before the end',
  ].join('')
