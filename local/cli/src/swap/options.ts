import { InvalidArgumentError, type Command } from 'commander'
import { DeploymentName, type DeploymentId } from '@order-up/control'
import { ENGINES } from '@order-up/schemas'
import { parseEngine } from '../engine-choice.ts'
import { integer, type ReachOptions } from '../reach.ts'
import { UsageError } from '../shell.ts'

/**
 * Records that an incoming deployment may be behind when it takes over. At 5,000 events/s Flink's committed offsets
 * trail by two checkpoints, a second each: that is well within it.
 */
const LAG_BOUND = 50_000
/** In percent; more is a cutover, which asks for a verdict. */
const MAX_SPLIT = 49

/** Options of every command that changes what runs, or who owns what. */
export interface ChangeOptions extends ReachOptions {
  dryRun?: boolean
}

/** Options of every command that carries a swap. */
export interface CarryOptions extends ChangeOptions {
  lagBound: number
}

export interface ForceOptions {
  force?: boolean
  reason?: string
}

export const ENGINE_WORDS = `${ENGINES.join(', ')}, or with a generation, as ${ENGINES[0]}-2`

export const addDryRun = (command: Command): Command =>
  command.option('--dry-run', 'only say what it would do, and whether it can be undone')

export const addLagBound = (command: Command): Command =>
  command.option(
    '--lag-bound <records>',
    'how far behind the end of raw the incoming engine may be when it takes over',
    integer(0),
    LAG_BOUND,
  )

export const addForce = (command: Command, what: string): Command =>
  command
    .option('--force', `${what}; needs --reason`)
    .option('--reason <text>', 'with --force: why; it is recorded in the shares topic')

/** An argument that names a deployment. @throws InvalidArgumentError */
export function deploymentArgument(text: string): DeploymentId {
  try {
    return parseEngine(text)
  } catch {
    throw new InvalidArgumentError(`There is no such engine: use ${ENGINE_WORDS}.`)
  }
}

/** @returns why it is forced; undefined = it is not. @throws UsageError for the one without the other */
export function forcedBy({ force = false, reason }: ForceOptions): string | undefined {
  const text = reason?.trim()
  if (force && !text)
    throw new UsageError('--force needs a reason', '--reason "why it has to be": it is recorded')
  if (!force && text !== undefined)
    throw new UsageError('--reason is for --force', 'leave it out, or force it')
  return text
}

export interface Split {
  deployment: DeploymentId
  /** of the orders */
  percent: number
}

/** `flink=10`. @throws InvalidArgumentError */
export function splitArgument(text: string): Split {
  const [, name = '', digits = ''] = /^([^=]+)=(\d{1,3})%?$/.exec(text) ?? []
  const deployment = DeploymentName.safeParse(name)
  if (!deployment.success)
    throw new InvalidArgumentError(
      `It is an engine and its percentage of the orders, as flink=10; engines: ${ENGINE_WORDS}.`,
    )
  const percent = Number(digits)
  if (percent > MAX_SPLIT)
    throw new InvalidArgumentError(
      `It is at most ${MAX_SPLIT} %: more is a cutover, \`order-up swap --to ${name}\`.`,
    )
  return { deployment: deployment.data, percent }
}

/** Commands in a text as they are to be typed to reach the same pipeline again. */
export function asTyped(text: string, { dataDir, brokers, registry }: ReachOptions): string {
  const where = [
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ...(brokers === undefined ? [] : ['--brokers', brokers]),
    ...(registry === undefined ? [] : ['--registry', registry]),
  ]
  return text.replaceAll(
    /`order-up ([^`]+)`/g,
    (_, command: string) => `\`npm run order-up -- ${[command, ...where].join(' ')}\``,
  )
}
