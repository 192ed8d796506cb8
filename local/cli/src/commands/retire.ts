import { Command } from 'commander'
import { ownersIn, retireProblems, type DeploymentId } from '@order-up/control'
import { asCarrier, carrySwap } from '@order-up/control/operations'
import { OrderUpError } from '@order-up/kit'
import { readEngines, untilEngines, writeEngines } from '../engines-file.ts'
import { addReachOptions } from '../reach.ts'
import { answer, createProgress, type Shell } from '../shell.ts'
import { answerPlan } from '../swap/change.ts'
import { sentence } from '../swap/considered.ts'
import { retirePlan } from '../swap/engine-plans.ts'
import {
  addDryRun,
  asTyped,
  deploymentArgument,
  ENGINE_WORDS,
  type ChangeOptions,
} from '../swap/options.ts'
import { eventFor, withScene, type Scene } from '../swap/scene.ts'
import { setAside } from '../swap/verdict-file.ts'

export const retireCommand = (shell: Shell) =>
  addDryRun(addReachOptions(new Command('retire')))
    .summary('take an engine away that owns no orders')
    .description(
      `Stops an engine that owns no orders: one that ran in shadow, or the one before the last swap. The comparer ends with
it. From then on the way back to it is a new shadow phase. In another Kafka than the data folder's own (--brokers) it
only ends the way back: whoever runs the engine there stops it.`,
    )
    .argument('<engine>', ENGINE_WORDS, deploymentArgument)
    .action(async (id: DeploymentId, options: ChangeOptions) => {
      await withScene(shell, options, async (scene) => {
        const wishes = await wishesOf(scene)
        const refused = problemsOf(scene, wishes, id)
        if (options.dryRun)
          return answerPlan(shell, options, { plan: retirePlan(scene.record, id), refused })
        if (refused) throw refused
        await retire(shell, scene, { id, options })
      })
    })

/** The deployments that are to run here; none in another Kafka. */
const wishesOf = async ({ stack, dataDir }: Scene) => (stack ? await readEngines(dataDir) : [])

function problemsOf(
  { record, stack }: Scene,
  wishes: Awaited<ReturnType<typeof wishesOf>>,
  id: DeploymentId,
): OrderUpError | undefined {
  const problems = retireProblems(record, id)
  if (problems.length > 0) return new OrderUpError('NEEDED', sentence(problems))
  const isThere = wishes.some(({ deployment }) => deployment === id) || record.previous === id
  if (isThere) return undefined
  return new OrderUpError(
    'NOT_RUNNING',
    `${id} does not run${stack ? '' : ' as far as is known here'}: there is nothing to retire`,
    {
      remedy: 'see what runs, `order-up status`',
    },
  )
}

async function retire(
  shell: Shell,
  scene: Scene,
  { id, options }: { id: DeploymentId; options: ChangeOptions },
): Promise<void> {
  const { kafka, tools, stack, dataDir } = scene
  const progress = createProgress(shell)
  const began = performance.now()
  const lease = { what: `retire ${id}`, signal: shell.signal, say: progress.say }
  try {
    await asCarrier(kafka, lease, async (signal) => {
      const record = await scene.readRecord()
      const wishes = await wishesOf(scene)
      const refused = problemsOf({ ...scene, record }, wishes, id)
      if (refused) throw refused
      const wish = { target: record.shares, lagBound: Number.MAX_SAFE_INTEGER }
      const event = eventFor({ ...scene, record }, wish, { leaves: [id] })
      const last = await carrySwap(tools, event, { signal, onAnswer: () => {} })
      if (last.state === 'refused') throw new OrderUpError('SWAP_REFUSED', sentence(last.lines))
      if (stack) await takeAway(shell, { dataDir, wishes, id, say: progress.say })
    })
  } finally {
    progress.clear()
  }
  const { epoch, shares, previous } = await scene.readRecord()
  const ms = Math.round(performance.now() - began)
  answer(shell, options.json ?? false, { retired: id, epoch, shares, previous, ms }, () =>
    asTyped(
      stack
        ? [
            `${id} has stopped; ${ownersIn(shares).join(' and ')} goes on (epoch ${epoch})`,
            `It comes back by a new shadow phase: \`order-up shadow start ${id}\``,
          ].join('\n')
        : `The way back to ${id} has ended (epoch ${epoch}): stop it where it runs`,
      options,
    ),
  )
}

async function takeAway(
  shell: Shell,
  {
    dataDir,
    wishes,
    id,
    say,
  }: {
    dataDir: string
    wishes: Awaited<ReturnType<typeof wishesOf>>
    id: DeploymentId
    say: (line: string) => void
  },
): Promise<void> {
  const rest = wishes.filter(({ deployment }) => deployment !== id)
  if (rest.length < wishes.length) await writeEngines(dataDir, rest)
  const others = rest.map(({ deployment }) => deployment)
  await untilEngines(shell, dataDir, others, say)
  for (const other of others) await setAside(dataDir, [id, other])
}
