import { Command, Option } from 'commander'
import { detach, readyInBackground } from '../background.ts'
import { showLive } from '../live.ts'
import { addPipelineFlags, runStack, type PipelineFlags, type RunningStack } from '../run-stack.ts'
import { answer, createProgress, type Shell } from '../shell.ts'

interface Options extends PipelineFlags {
  detach?: boolean
  background?: boolean
}

export const upCommand = (shell: Shell) =>
  addPipelineFlags(new Command('up'))
    .summary('bring up the stack and the workers, without a generator')
    .description(
      'Brings up broker, registry, engine, sink and ingest, and runs until Ctrl-C. A later run goes on where this one stops.',
    )
    .option(
      '--detach',
      'come back once all is ready and leave it running; stop it with `order-up down`',
    )
    .addOption(new Option('--background').hideHelp())
    .action(async (options: Options) => {
      if (options.detach) {
        const pid = await detach(shell)
        return answer(
          shell,
          options.json ?? false,
          { pid },
          () => `The stack runs (pid ${pid}). See it: npm run order-up -- status`,
        )
      }
      const stack = await runStack(shell, options, (line) => shell.err(`${line}\n`))
      try {
        if (options.background) await readyInBackground(shell.signal)
        else await runUntilStopped(shell, stack, options.json ?? false)
      } finally {
        shell.err('Stopping\n')
        await stack.stop()
      }
    })

async function runUntilStopped(shell: Shell, stack: RunningStack, json: boolean) {
  answer(
    shell,
    json,
    {
      pid: process.pid,
      brokers: stack.brokers,
      registryUrl: stack.registryUrl,
      dataDir: stack.dataDir,
      deployments: stack.engines().map(({ deployment }) => deployment),
    },
    ({ brokers, registryUrl }) =>
      [
        `Ready: Kafka ${brokers}, registry ${registryUrl}`,
        'In another terminal: `npm run order-up -- produce`, or status, or verify. Ctrl-C stops.',
      ].join('\n'),
  )
  const progress = createProgress(shell, 0)
  await showLive(shell, stack, { progress, signal: shell.signal })
}
