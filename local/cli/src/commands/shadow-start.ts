import { Command } from 'commander'
import {
  commandName,
  engineOf,
  ownersIn,
  retireProblems,
  type DeploymentId,
} from '@order-up/control'
import { OrderUpError, watermarksOf } from '@order-up/kit'
import { RAW_TOPIC } from '@order-up/schemas'
import { provideEngine } from '@order-up/stack'
import { MAX_ENGINES, readEngines, untilEngines, writeEngines } from '../engines-file.ts'
import { addCommonOptions, integer, withAdmin } from '../reach.ts'
import { answer, createProgress, type Shell } from '../shell.ts'
import { count } from '../text-table.ts'
import { behindOf } from '../swap/awaited.ts'
import { answerPlan } from '../swap/change.ts'
import { shadowPlan } from '../swap/engine-plans.ts'
import {
  addDryRun,
  asTyped,
  deploymentArgument,
  ENGINE_WORDS,
  type ChangeOptions,
} from '../swap/options.ts'
import { withScene, type Scene } from '../swap/scene.ts'
import { reportFile } from '../swap/verdict-file.ts'

interface Options extends ChangeOptions {
  workers?: number
}

interface Started {
  deployment: DeploymentId
  /** raw records that it has to fold yet */
  behind: number
  /** where the comparer will write */
  report: string
}

export const shadowStartCommand = (shell: Shell) =>
  addDryRun(addCommonOptions(new Command('start')))
    .summary('run an engine in shadow')
    .description(
      `Runs an engine beside the one that has the orders, on the stack of the data folder, and waits until it runs. At most
two run at a time. flink and kafka-streams are built first where their sources have changed.`,
    )
    .argument('<engine>', ENGINE_WORDS, deploymentArgument)
    .option(
      '--workers <n>',
      'processes that share the partitions (default: 1); of flink, its parallelism (default: the number of cores)',
      integer(1, 64),
    )
    .action(async (id: DeploymentId, options: Options) => {
      await withScene(shell, options, async (scene) => {
        const refused = await problemOf(scene, id)
        if (options.dryRun) {
          const raw = await rawRecords(scene)
          return answerPlan(shell, options, { plan: shadowPlan(scene.record, id, raw), refused })
        }
        if (refused) throw refused
        const started = await start(shell, scene, { id, workers: options.workers })
        answer(shell, options.json ?? false, started, (all) => asTyped(startedText(all), options))
      })
    })

const rawRecords = (scene: Scene) =>
  withAdmin(scene, async (admin) => {
    const marks = await watermarksOf(admin, RAW_TOPIC)
    return marks.reduce((sum, { low, high }) => sum + high - low, 0)
  }).catch(() => null)

async function problemOf(scene: Scene, id: DeploymentId): Promise<OrderUpError | undefined> {
  const { stack, dataDir, record } = scene
  if (!stack)
    return new OrderUpError(
      'NOT_HERE',
      `This Kafka is not that of the stack on ${dataDir}: its engines are not started from here`,
      { remedy: 'in the cloud it is stack config, `pulumi config set order-up:shadow`' },
    )
  if (ownersIn(record.shares).includes(id))
    return new OrderUpError('OWNS', `${id} has orders: it is no shadow`, {
      remedy: 'name another engine, or another generation of it, as node-2',
    })
  const runs = stack.engines.find(({ deployment }) => deployment === id)
  if (runs?.state === 'running')
    return new OrderUpError('RUNS', `${id} runs already`, {
      remedy: '`order-up shadow report`',
    })
  const others = (await readEngines(dataDir)).filter(({ deployment }) => deployment !== id)
  if (others.length < MAX_ENGINES) return undefined
  const names = others.map(({ deployment }) => deployment)
  const free = names.find((name) => retireProblems(record, name).length === 0)
  return new OrderUpError('TWO_RUN', `${names.join(' and ')} run already: at most two do`, {
    remedy:
      free === undefined
        ? 'both have orders: give all of them to one of the two first, `order-up swap --to`'
        : `\`order-up retire ${commandName(free)}\``,
  })
}

async function start(
  shell: Shell,
  scene: Scene,
  { id, workers }: { id: DeploymentId; workers: number | undefined },
): Promise<Started> {
  const { dataDir } = scene
  const progress = createProgress(shell)
  const { env, signal } = shell
  try {
    // here, where it is seen, rather than in the stack's own process
    await provideEngine(engineOf(id), { env, signal, onProgress: progress.note })
    const wishes = await readEngines(dataDir)
    const others = wishes.filter(({ deployment }) => deployment !== id)
    await writeEngines(dataDir, [...others, { deployment: id, workers }])
    const ids = [...others.map(({ deployment }) => deployment), id]
    await untilEngines(shell, dataDir, ids, progress.say)
    return {
      deployment: id,
      behind: behindOf(await scene.look([id]), id),
      report: reportFile(dataDir, ids),
    }
  } finally {
    progress.clear()
  }
}

const startedText = ({ deployment, behind, report }: Started) =>
  [
    `${deployment} runs in shadow: ${behind === 0 ? 'it has folded all of raw' : `${count(behind)} raw records to fold`}`,
    `The comparer's verdict will be in ${report}`,
    `  Wait for it:   \`order-up shadow report --wait\``,
    `  Take it away:  \`order-up retire ${commandName(deployment)}\``,
  ].join('\n')
