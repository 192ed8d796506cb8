import { randomInt } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { GenerateOptions, runGenerator } from '@order-up/producer'
import { addReachOptions, integer, reach, withAdmin, type ReachOptions } from '../reach.ts'
import { UsageError, answer, createProgress, type Shell } from '../shell.ts'
import { count } from '../text-table.ts'

interface Options extends ReachOptions {
  orders?: number
  rate: number
  seed?: number
  duplicates: number
  late: number
  malformed: number
}

const STANDARD = GenerateOptions.parse({ seed: 0 })

/** A parser of options: a share from 0 to 1. */
function share(text: string): number {
  const value = Number(text)
  if (text !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It must be a share from 0 to 1.')
}

export function rate(text: string): number {
  const value = Number(text)
  if (text !== '' && value >= 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('It must be a number of records per second, 0 or more.')
}

export const newSeed = () => randomInt(2 ** 31)

export const produceCommand = (shell: Shell) =>
  addReachOptions(new Command('produce'))
    .summary('generate orders into raw')
    .description(
      'Generates realistic orders into the raw topic until all are done, or until Ctrl-C.',
    )
    .option('--orders <n>', 'how many orders (default: no end)', integer(1))
    .option(
      '--rate <n>',
      'records per second; 0 = as fast as Kafka takes them',
      rate,
      STANDARD.rate,
    )
    .option('--seed <n>', 'the same seed gives the same orders (default: drawn)', integer(0))
    .option(
      '--duplicates <share>',
      'records that repeat an earlier one',
      share,
      STANDARD.duplicates,
    )
    .option(
      '--late <share>',
      'events that come after a later one of their order',
      share,
      STANDARD.late,
    )
    .option('--malformed <share>', 'records that the contract rejects', share, STANDARD.malformed)
    .action(async (options: Options) => {
      const parsed = GenerateOptions.safeParse({ ...options, seed: options.seed ?? newSeed() })
      if (!parsed.success)
        throw new UsageError(parsed.error.issues.map((i) => i.message).join('; '))
      const reached = await reach(shell, options)
      await withAdmin(reached, () => Promise.resolve()) // says at once if there is no Kafka
      const progress = createProgress(shell)
      const result = await runGenerator({
        ...reached,
        options: parsed.data,
        signal: shell.signal,
        onProgress: ({ total }) => progress.say(`${count(total)} records`),
        onRetry: (why) => progress.say(`waiting for Kafka: ${why}`),
      })
      progress.clear()
      answer(shell, options.json ?? false, { ...result, seed: parsed.data.seed }, (r) =>
        [
          `${count(r.total)} records: ${count(r.event)} events, ${count(r.late)} late, `,
          `${count(r.duplicate)} duplicates, ${count(r.malformed)} malformed (seed ${r.seed})`,
          r.complete ? '' : '; stopped before the last order was done',
        ].join(''),
      )
    })
