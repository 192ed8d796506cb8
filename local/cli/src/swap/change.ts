import { mainOwner, sameShares, waysOn, whereItStands } from '@order-up/control'
import { asCarrier } from '@order-up/control/operations'
import { readRun } from '@order-up/stack'
import { EXIT, answer, createProgress, type Progress, type Shell } from '../shell.ts'
import { carry, type Carried } from './carry.ts'
import type { Change } from './considered.ts'
import { endText, untouched, type SwapResult } from './ending.ts'
import { asTyped, type ChangeOptions } from './options.ts'
import { planText } from './plan-text.ts'
import { withScene, type Scene } from './scene.ts'

export interface ChangeCommand {
  /** as it was typed: for whoever comes second, and for the way on */
  what: string
  decide(scene: Scene): Promise<Change>
  /** done once nobody else can change the swap, before it begins */
  before?(scene: Scene, progress: Progress): Promise<void>
  /** done at the end; @returns lines on top of the answer's */
  after?(scene: Scene, progress: Progress, carried: Carried): Promise<string[]>
}

/** Runs a command that carries a swap: a plan, the steps, and what has come of it. */
export async function runChange(
  shell: Shell,
  options: ChangeOptions,
  command: ChangeCommand,
): Promise<void> {
  const json = options.json ?? false
  await withScene(shell, options, async (found) => {
    const first = await command.decide(found)
    if (options.dryRun) return answerPlan(shell, options, first)
    if (first.refused) throw first.refused
    const progress = createProgress(shell)
    const { what } = command
    const lease = { what, signal: shell.signal, say: progress.say }
    try {
      const [result, lines] = await asCarrier(found.kafka, lease, async (signal) => {
        // whoever carried before may have moved on since
        const scene = { ...found, record: await found.readRecord() }
        const change = await command.decide(scene)
        if (change.refused) throw change.refused
        for (const line of headOf(scene, change)) progress.note(asTyped(line, options))
        await command.before?.(scene, progress)
        const carried = await carry(scene, change.event, { progress, signal })
        const more = (await command.after?.(scene, progress, carried)) ?? []
        return [await resultOf(scene, change, carried), more] as const
      })
      progress.clear()
      answer(shell, json, result, (all) => asTyped([endText(all), ...lines].join('\n'), options))
    } catch (error) {
      progress.clear()
      if (!shell.signal.aborted) throw error
      for (const line of await standing(found)) progress.note(asTyped(line, options))
      shell.exitCode = EXIT.failed
    }
  })
}

export function answerPlan(
  shell: Shell,
  options: ChangeOptions,
  { plan, refused }: Pick<Change, 'plan' | 'refused'>,
): void {
  // the command's own reason says what to do about it
  const why = refused && [refused.message, refused.remedy].filter(Boolean).join('. Next: ')
  const typed = (lines: readonly string[]) => lines.map((line) => asTyped(line, options))
  const dry = {
    ...plan,
    changes: typed(plan.changes),
    undo: asTyped(plan.undo, options),
    steps: plan.steps.map(({ name, about }) => ({ name, about: asTyped(about, options) })),
    refused: typed(why === undefined ? plan.refused : [why]),
  }
  answer(shell, options.json ?? false, { dryRun: true, ...dry }, planText)
}

/** The plan in a few lines; of a swap in progress, where it goes on; nothing where there is nothing to do. */
function headOf({ record }: Scene, { plan, verdict, event, about }: Change): string[] {
  const stands = whereItStands(record)
  if (stands === undefined && sameShares(record.shares, event.target)) return []
  const { forced } = event
  return [
    ...(stands === undefined ? [] : [`Goes on: ${stands}`]),
    about ?? `${plan.from} → ${plan.to}`,
    ...(verdict ? [`Verdict: ${verdict.verdict}, ${verdict.reason}`] : []),
    ...(forced === undefined ? [] : [`Without a verdict: ${forced}`]),
    event.dead === undefined ? WAYS : `Undo: ${plan.undo}`,
  ]
}

const WAYS =
  'Ctrl-C stops it where it stands, and nothing is lost; `order-up swap --back` takes it back'

/** Where a swap that was left to itself stands. */
async function standing({ readRecord }: Scene): Promise<string[]> {
  const record = await readRecord()
  const stands = whereItStands(record)
  if (stands === undefined || !record.swap) return ['Stopped: no swap is in progress']
  return [`Stopped: ${stands}. Nothing is lost: ${waysOn(record.swap)}`]
}

async function resultOf(
  { record, stack, dataDir }: Scene,
  { verdict, event }: Change,
  carried: Carried,
): Promise<SwapResult> {
  const forced = event.forced ?? record.swap?.forced
  return {
    from: mainOwner(record.swap?.from ?? record.shares),
    to: mainOwner(carried.shares),
    ...carried,
    verdict: verdict ? { verdict: verdict.verdict, reason: verdict.reason, at: verdict.at } : null,
    ...(forced !== undefined && { forced }),
    untouched: untouched(stack, stack && (await readRun(dataDir))),
  }
}
