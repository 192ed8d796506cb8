import { Command, InvalidArgumentError, Option } from 'commander'
import { CHECKS, Session, type Check, type CheckResult } from '@order-up/conform'
import { ENGINES, type Engine } from '@order-up/schemas'
import { provideEngine } from '@order-up/stack'
import { integer } from '../reach.ts'
import { EXIT, UsageError, answer, createProgress, type Shell } from '../shell.ts'
import { printable, textTable } from '../text-table.ts'

interface Options {
  engine?: Engine
  only?: readonly string[]
  json?: boolean
  seed?: number
  list?: boolean
}

interface Summary {
  engine: Engine
  seed: number
  passed: number
  failed: string[]
  seconds: number
}

/** Of one failed check; the rest is counted. */
const PROBLEMS_SHOWN = 10

export const conformCommand = (shell: Shell) =>
  new Command('conform')
    .summary('check that an engine does what the contract says')
    .description(
      `Runs an engine on a stack of its own and checks from outside, through real topics, that it does what the contract
says. Needs nothing that runs, and leaves nothing running. Exits with ${EXIT.done} where every check passes,
${EXIT.notVerified} where one does not.`,
    )
    .addOption(new Option('--engine <engine>', 'which one').choices(ENGINES))
    .option('--only <names>', 'only these checks, separated by commas', names)
    .option('--seed <n>', 'of what is random; without one, it is drawn and said', integer(0))
    .option('--list', 'list the checks and what each is about')
    .option('--json', 'answer in JSON: a line for each check, then one for all')
    .action(async (options: Options) => {
      const { engine, only, json = false } = options
      const checks = CHECKS.filter(({ name }) => only?.includes(name) ?? true)
      if (options.list) {
        const list = checks.map(({ name, about }) => ({ name, about }))
        return answer(shell, json, list, (all) =>
          textTable(
            ['check', 'about'],
            all.map(({ name, about }) => [name, about]),
          ),
        )
      }
      if (!engine) throw new UsageError('Which engine?', `--engine ${ENGINES.join(', or ')}`)
      await conform(shell, { engine, checks, json, seed: options.seed ?? drawn() })
    })

const drawn = () => Math.floor(Math.random() * 2 ** 31)

function names(text: string): string[] {
  const list = text.split(',')
  const known = CHECKS.map(({ name }) => name)
  const unknown = list.filter((name) => !known.includes(name))
  if (unknown.length === 0) return list
  throw new InvalidArgumentError(
    `There is no check ${unknown.join(', ')}: there are ${known.join(', ')}.`,
  )
}

async function conform(
  shell: Shell,
  {
    engine,
    checks,
    json,
    seed,
  }: { engine: Engine; checks: readonly Check[]; json: boolean; seed: number },
): Promise<void> {
  const began = performance.now()
  const progress = createProgress(shell)
  const options = { env: shell.env, onProgress: progress.note, signal: shell.signal }
  const program = await provideEngine(engine, options)
  progress.note(`${engine}, seed ${seed}: starting a broker and a registry`)
  const failed: string[] = []
  {
    await using session = new Session({ ...options, program, seed })
    for (const check of checks) {
      progress.say(`${check.name}: ${check.about}`)
      const result = await session.run(check)
      progress.clear()
      if (!result.passed) failed.push(result.name)
      answer(shell, json, result, resultText)
    }
    progress.say('Stopping')
  }
  progress.clear()
  const seconds = Math.round((performance.now() - began) / 1_000)
  const passed = checks.length - failed.length
  answer(shell, json, { engine, seed, passed, failed, seconds }, summaryText)
  if (failed.length > 0) shell.exitCode = EXIT.notVerified
}

function resultText({ name, about, passed, seconds, problems, note, log }: CheckResult): string {
  const first = `${passed ? 'ok  ' : 'FAIL'}  ${name} (${seconds.toFixed(1)} s)`
  if (passed) return note === undefined ? first : `${first}: ${note}`
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `      ${printable(problem)}`)
  const rest = problems.length - shown.length
  return [
    first,
    `      ${about}`,
    ...shown,
    ...(rest > 0 ? [`      and ${rest} more`] : []),
    ...(log === undefined ? [] : [`      the engine's log: ${log}`]),
  ].join('\n')
}

const summaryText = ({ engine, seed, passed, failed, seconds }: Summary) =>
  failed.length === 0
    ? `${engine} passed all ${passed} checks in ${seconds} s (seed ${seed})`
    : `${engine} passed ${passed} checks and failed ${failed.length}: ${failed.join(', ')} (${seconds} s). Again: --seed ${seed} --only ${failed.join(',')}`
