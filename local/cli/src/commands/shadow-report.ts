import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import {
  commandName,
  mainOwner,
  targetShares,
  type DeploymentId,
  type Side,
} from '@order-up/control'
import { askVerdict } from '@order-up/control/operations'
import { OrderUpError } from '@order-up/kit'
import { reportLines, type Report } from '@order-up/parity'
import { readRun } from '@order-up/stack'
import { COMPARER } from '../comparer.ts'
import { addCommonOptions, nothingRuns, type ReachOptions } from '../reach.ts'
import { EXIT, answer, createProgress, type Shell } from '../shell.ts'
import { count } from '../text-table.ts'
import { behindOf } from '../swap/awaited.ts'
import { asTyped } from '../swap/options.ts'
import { withScene, type Scene } from '../swap/scene.ts'
import { readReport, reportFile } from '../swap/verdict-file.ts'

interface Options extends ReachOptions {
  wait?: boolean
}

/** What there is to say on the two that run. */
interface Found {
  report: Report | null
  /** why a cutover would not be allowed on it, in words; empty = it would be */
  problems: string[]
  /** whether it is about what runs now */
  isCurrent: boolean
  /** raw records that each has to fold yet */
  behind: Record<string, number>
  file: string
  /** the one that would take over */
  other: DeploymentId
  /** what the comparer does, where it does not run */
  comparer: string | null
}

const LOOK_AGAIN_MS = 500

export const shadowReportCommand = (shell: Shell) =>
  addCommonOptions(new Command('report'))
    .summary('the verdict on the two engines that run')
    .description(
      `Shows the comparer's newest verdict on the two engines that run here, and what it rests on. Exits with ${EXIT.done} where a
cutover would be allowed on it: a PASS, on what runs now. Otherwise with ${EXIT.notVerified}.`,
    )
    .option('--wait', 'until it is a PASS or a FAIL on what runs now')
    .action(async (options: Options) => {
      await withScene(shell, options, async (scene) => {
        const progress = createProgress(shell)
        let found = await look(scene)
        try {
          while (options.wait && !isSettled(found)) {
            progress.say(waitingText(found))
            await delay(LOOK_AGAIN_MS, undefined, { signal: shell.signal })
            found = await look(scene)
          }
        } finally {
          progress.clear()
        }
        answer(shell, options.json ?? false, jsonOf(found), () => asTyped(textOf(found), options))
        if (found.problems.length > 0) shell.exitCode = EXIT.notVerified
      })
    })

/** The verdict is the comparer's own, or null: the rest is beside it. */
const jsonOf = ({ report, ...found }: Found) => ({ verdict: null, ...report, ...found })

async function look(scene: Scene): Promise<Found> {
  const { dataDir, stack: here, tools } = scene
  if (!here)
    throw new OrderUpError(
      'NOT_HERE',
      `This Kafka is not that of the stack on ${dataDir}: its verdicts lie where its comparer runs`,
    )
  const stack = await readRun(dataDir)
  if (!stack) throw nothingRuns(dataDir)
  const record = await scene.readRecord()
  const ids = stack.engines.map(({ deployment }) => deployment)
  const owner = mainOwner(record.swap?.from ?? record.shares)
  const other = ids.find((id) => id !== owner)
  if (other === undefined || !ids.includes(owner))
    throw new OrderUpError('NO_SHADOW', `Only ${ids.join()} runs: there is nothing to compare`, {
      remedy: 'run another engine beside it, `order-up shadow start`',
    })
  const failed = stack.engines.find(({ state }) => state === 'failed')
  if (failed)
    throw new OrderUpError(
      'ENGINE_FAILED',
      `${failed.deployment} does not run: ${failed.problem}`,
      {
        ...(failed.log !== null && { remedy: `the whole log is ${failed.log}` }),
      },
    )
  const sides: Side[] = stack.engines.map(({ deployment, artifact }) => ({ deployment, artifact }))
  const report = await readReport(dataDir, [owner, other])
  const seen = await scene.look([owner, other])
  const comparer = stack.workers.find(({ name }) => name === COMPARER)
  const stale = report ? staleSides(report, sides) : []
  const target = targetShares(other)
  const asked = { ...record, shares: targetShares(owner) }
  const read = { verdict: report }
  return {
    report: report ?? null,
    isCurrent: report !== undefined && stale.length === 0,
    problems:
      stale.length > 0 ? stale : [...(await askVerdict(tools, asked, { target, sides }, read))],
    behind: Object.fromEntries([owner, other].map((id) => [id, behindOf(seen, id)])),
    file: reportFile(dataDir, [owner, other]),
    other,
    comparer: comparer?.state === 'running' ? null : (comparer?.state ?? 'not started yet'),
  }
}

/** What runs as something else than the report is about, in words. */
const staleSides = (report: Report, sides: readonly Side[]) =>
  sides.flatMap(({ deployment, artifact }) =>
    report.sides.find((side) => side.deployment === deployment)?.artifact === artifact
      ? []
      : `it is not about what runs as ${deployment} now`,
  )

/** A FAIL on what runs now does not pass by itself; what is on something else will be written anew. */
const isSettled = ({ report, problems, isCurrent }: Found) =>
  problems.length === 0 || (isCurrent && report?.verdict === 'FAIL')

function waitingText({ report, problems, behind, comparer }: Found): string {
  const figures = Object.entries(behind).map(([id, n]) => `${id} is ${count(n)} behind`)
  const state = comparer === null ? [] : [`the comparer is ${comparer}`]
  return [report ? problems.join('; ') : 'no verdict yet', ...state, ...figures].join(', ')
}

function textOf(found: Found): string {
  const { report, problems, file, other } = found
  if (!report)
    return `There is no verdict yet: ${waitingText(found)}\n  Wait for it:  \`order-up shadow report --wait\``
  return [
    ...reportLines(report),
    '',
    `The whole of it is ${file}`,
    problems.length === 0
      ? `A cutover is allowed on it: \`order-up swap --to ${commandName(other)}\``
      : `No cutover on it: ${problems.join('; ')}`,
  ].join('\n')
}
