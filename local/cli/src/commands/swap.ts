import { Command } from 'commander'
import { commandName, targetShares, wayBack, type DeploymentId } from '@order-up/control'
import { OrderUpError } from '@order-up/kit'
import { addReachOptions } from '../reach.ts'
import { UsageError, type Shell } from '../shell.ts'
import { runChange } from '../swap/change.ts'
import { considered, sentence, type Change } from '../swap/considered.ts'
import {
  addDryRun,
  addForce,
  addLagBound,
  deploymentArgument,
  ENGINE_WORDS,
  forcedBy,
  type CarryOptions,
  type ForceOptions,
} from '../swap/options.ts'
import { eventFor, type Scene } from '../swap/scene.ts'

interface Options extends CarryOptions, ForceOptions {
  to?: DeploymentId
  back?: boolean
}

export const swapCommand = (shell: Shell) =>
  addForce(addLagBound(addDryRun(addReachOptions(new Command('swap')))), 'go on without a verdict')
    .summary('give all orders to another engine that runs, or back')
    .description(
      `Gives all orders to an engine that runs beside the one that has them: both write for a moment, then the one gives
up. Producer and sink are not restarted. It asks for the verdict of \`order-up shadow report\`. A swap that was stopped
half-way goes on where it stands when it is asked for again.`,
    )
    .option('--to <engine>', `who gets them: ${ENGINE_WORDS}`, deploymentArgument)
    .option(
      '--back',
      'take back what is in progress, or give the orders back to who had them: that asks for no verdict',
    )
    .action(async (options: Options) => {
      const { to, back = false } = options
      const forced = forcedBy(options)
      if (to === undefined) {
        if (!back) throw new UsageError('Which way?', '`order-up swap --to flink`, or --back')
        if (forced !== undefined) throw new UsageError('--back needs no force')
        return runChange(shell, options, {
          what: 'swap --back',
          decide: (scene) => decideBack(scene, options),
        })
      }
      if (back) throw new UsageError('--to or --back, not both')
      await runChange(shell, options, {
        what: `swap --to ${commandName(to)}`,
        decide: (scene) => {
          const { lagBound } = options
          return considered(scene, eventFor(scene, { target: targetShares(to), lagBound, forced }))
        },
      })
    })

async function decideBack(scene: Scene, { lagBound }: CarryOptions): Promise<Change> {
  const { record, running } = scene
  const way = wayBack(record, running)
  const target = way.way === 'refused' ? record.shares : way.target
  const change = await considered(scene, eventFor(scene, { target, lagBound }))
  if (way.way === 'refused')
    return { ...change, refused: new OrderUpError('NO_WAY_BACK', sentence([way.why])) }
  return { ...change, about: sentence([way.about]) }
}
