import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { OrderUpError } from '@order-up/kit'
import { purgeDataDir, readRun } from '@order-up/stack'
import { addCommonOptions, dataDirOf, type ReachOptions } from '../reach.ts'
import { answer, createProgress, type Shell } from '../shell.ts'

/** Each child has 10 s before it is killed, and some stop one after another. */
const STOP_MS = 60_000
const POLL_MS = 100

interface Options extends ReachOptions {
  purge?: boolean
}

export const downCommand = (shell: Shell) =>
  addCommonOptions(new Command('down'))
    .summary('stop the stack, from any terminal')
    .description(
      'Stops the stack that runs on the data folder and waits until all of it has ended.',
    )
    .option('--purge', 'then delete the data folder: topics, schemas, state and warehouse')
    .action(async (options: Options) => {
      const dataDir = dataDirOf(shell, options)
      const stopped = await stop(shell, dataDir)
      if (options.purge) await purgeDataDir(dataDir)
      const done = { stopped, purged: options.purge ?? false }
      answer(shell, options.json ?? false, done, () =>
        [
          stopped === null ? `No stack ran on ${dataDir}` : `Stopped the stack (pid ${stopped})`,
          ...(options.purge ? [`Deleted ${dataDir}`] : []),
        ].join('\n'),
      )
    })

/** Returns the pid of what was stopped, null where nothing ran. */
async function stop(shell: Shell, dataDir: string): Promise<number | null> {
  const run = await readRun(dataDir)
  if (!run) return null
  const progress = createProgress(shell)
  process.kill(run.pid, 'SIGTERM')
  const deadline = performance.now() + STOP_MS
  while ((await readRun(dataDir)) !== undefined || isAlive(run.pid)) {
    progress.say(`stopping the stack (pid ${run.pid})`)
    if (performance.now() > deadline)
      throw new OrderUpError(
        'NOT_STOPPED',
        `The stack (pid ${run.pid}) still runs after ${STOP_MS / 1_000} s`,
        {
          remedy: `kill -9 ${run.pid}: its children end with it`,
        },
      )
    await delay(POLL_MS, undefined, { signal: shell.signal })
  }
  progress.clear()
  return run.pid
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
