import { Command } from 'commander'
import { commandName, mainOwner, ownersIn, targetShares } from '@order-up/control'
import { OrderUpError } from '@order-up/kit'
import { addReachOptions } from '../reach.ts'
import type { Shell } from '../shell.ts'
import { runChange } from '../swap/change.ts'
import { considered, type Change } from '../swap/considered.ts'
import {
  addDryRun,
  addLagBound,
  splitArgument,
  type CarryOptions,
  type Split,
} from '../swap/options.ts'
import { eventFor, type Scene } from '../swap/scene.ts'

export const splitCommand = (shell: Shell) =>
  addLagBound(addDryRun(addReachOptions(new Command('split'))))
    .summary('give an engine that runs in shadow a share of the orders')
    .description(
      `Gives an engine that runs beside the one that has the orders a share of them, 0 to 49 %: whole orders, always the
same ones, and none changes back as the share grows. 0 takes it back: shadow only. It asks for no verdict.`,
    )
    .argument('<engine=percent>', 'as flink=10', splitArgument)
    .action(async (split: Split, options: CarryOptions) => {
      await runChange(shell, options, {
        what: `split ${commandName(split.deployment)}=${split.percent}`,
        decide: (scene) => decide(scene, split, options),
      })
    })

async function decide(
  scene: Scene,
  { deployment, percent }: Split,
  { lagBound }: CarryOptions,
): Promise<Change> {
  const { record } = scene
  // of a swap in progress: what it began with, as this may be the same command once more
  const base = record.swap?.from ?? record.shares
  const owner = mainOwner(base)
  const target = owner === deployment ? base : targetShares(owner, deployment, percent)
  const change = await considered(scene, eventFor(scene, { target, lagBound }))
  const refused = (code: string, message: string, remedy: string) => ({
    ...change,
    refused: new OrderUpError(code, message, { remedy }),
  })
  if (owner === deployment)
    return refused(
      'OWNS_MOST',
      `${deployment} has most of the orders already: a split names the one that gets a share from it`,
      'see who owns what, `order-up status`',
    )
  const other = ownersIn(base).find((id) => id !== owner && id !== deployment)
  if (other !== undefined)
    return refused(
      'OTHER_SHARE',
      `${other} has a share of the orders: at most two engines divide them`,
      `\`order-up split ${commandName(other)}=0\``,
    )
  return change
}
