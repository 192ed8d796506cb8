import { Command } from 'commander'
import { commandName, deploymentsIn, targetShares, type DeploymentId } from '@order-up/control'
import { OrderUpError } from '@order-up/kit'
import { readEngines, untilEngines, writeEngines } from '../engines-file.ts'
import { addReachOptions } from '../reach.ts'
import type { Progress, Shell } from '../shell.ts'
import { signOfLife } from '../swap/alive.ts'
import { runChange } from '../swap/change.ts'
import { considered, notRunning, type Change } from '../swap/considered.ts'
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
import { setAside } from '../swap/verdict-file.ts'

interface Options extends CarryOptions, ForceOptions {
  to: DeploymentId
}

export const failoverCommand = (shell: Shell) =>
  addForce(
    addLagBound(addDryRun(addReachOptions(new Command('failover')))),
    'though the other one looks alive',
  )
    .summary('give all orders to the engine that lives: the other one is dead')
    .description(
      `Declares the other engine dead: it is stopped for good, its open transactions are aborted, the one that lives gets
all orders at once, and what curated lacks is filled in. It asks for no verdict. An engine that does not answer within
a few seconds counts as dead; one that looks alive needs --force.`,
    )
    .requiredOption('--to <engine>', `the one that lives: ${ENGINE_WORDS}`, deploymentArgument)
    .action(async (options: Options) => {
      const { to } = options
      const forced = forcedBy(options)
      let sign: Promise<OrderUpError | undefined> | undefined
      await runChange(shell, options, {
        what: `failover --to ${commandName(to)}`,
        async decide(scene) {
          const change = await decide(scene, options, forced)
          // one look is enough: the second time nothing has changed but that nobody else carries a swap
          sign ??= forced === undefined ? lookFor(scene, to) : Promise.resolve(undefined)
          return { ...change, refused: change.refused ?? (await sign) }
        },
        before: (scene) => takeOut(scene, deadBeside(scene, to)),
        after: (scene, progress) => settled(shell, scene, { to, progress }),
      })
    })

/** Whoever else has, had or is to have orders. */
const deadBeside = ({ record }: Scene, to: DeploymentId) =>
  deploymentsIn(record).filter((id) => id !== to)

async function decide(
  scene: Scene,
  { to, lagBound }: Options,
  forced: string | undefined,
): Promise<Change> {
  const dead = deadBeside(scene, to)
  const reason = forced ?? `${dead.join(' and ')} is dead`
  const target = targetShares(to)
  const wish = { target, lagBound, forced: `failover: ${reason}`, dead }
  const change = await considered(scene, { ...eventFor(scene, wish), running: [to] })
  return scene.running.includes(to) ? change : { ...change, refused: notRunning(to) }
}

/** A sign of life of those that are to count as dead. */
async function lookFor(scene: Scene, to: DeploymentId): Promise<OrderUpError | undefined> {
  for (const id of deadBeside(scene, to)) {
    const sign = await signOfLife(scene, id)
    if (sign !== undefined) return alive(id, to, sign)
  }
  return undefined
}

const alive = (id: DeploymentId, to: DeploymentId, sign: string) =>
  new OrderUpError('ALIVE', `${id} does not look dead: ${sign}`, {
    remedy: `\`order-up swap --to ${commandName(to)}\`, or --force --reason "why it is to count as dead"`,
  })

/** First of all, so that nothing starts the dead one again. */
async function takeOut({ stack, dataDir }: Scene, dead: readonly DeploymentId[]): Promise<void> {
  if (!stack) return
  const wishes = await readEngines(dataDir)
  const rest = wishes.filter(({ deployment }) => !dead.includes(deployment))
  if (rest.length < wishes.length) await writeEngines(dataDir, rest)
}

async function settled(
  shell: Shell,
  scene: Scene,
  { to, progress }: { to: DeploymentId; progress: Progress },
): Promise<string[]> {
  const { stack, dataDir } = scene
  const [dead] = deadBeside(scene, to)
  if (stack) await untilEngines(shell, dataDir, [to], progress.say)
  if (dead === undefined) return []
  if (stack) await setAside(dataDir, [dead, to])
  return [
    `${dead} is out. It comes back by a new shadow phase: \`order-up shadow start ${commandName(dead)}\``,
  ]
}
