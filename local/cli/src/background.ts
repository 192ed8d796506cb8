import { fork } from 'node:child_process'
import { join } from 'node:path'
import { OrderUpError } from '@order-up/kit'
import { createProgress, type Shell } from './shell.ts'

/** What the stack in the background tells whoever waits for it. */
type Message = { say: string } | { ready: true }

/**
 * Starts this same command once more as a process that stays, and waits until it says that all is ready.
 * @returns its pid
 * @throws OrderUpError `NOT_STARTED` with what it said
 */
export async function detach(shell: Shell): Promise<number> {
  const progress = createProgress(shell)
  const args = process.argv.slice(2).filter((arg) => arg !== '--detach')
  const child = fork(join(import.meta.dirname, 'main.ts'), [...args, '--background'], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const stop = () => child.kill('SIGTERM')
  shell.signal.addEventListener('abort', stop)
  try {
    await new Promise<void>((resolve, reject) => {
      const said: string[] = []
      child.on('message', (message: Message) => {
        if ('ready' in message) return resolve()
        said.push(message.say)
        progress.say(message.say.trimEnd())
      })
      child.once('exit', () =>
        reject(
          new OrderUpError('NOT_STARTED', said.at(-1)?.trimEnd() ?? 'The stack did not start'),
        ),
      )
    })
  } finally {
    progress.clear()
    shell.signal.removeEventListener('abort', stop)
  }
  child.disconnect()
  child.unref()
  return child.pid!
}

/** In the background: tells the parent that all is ready, then runs on alone until told to stop. */
export async function readyInBackground(signal: AbortSignal): Promise<void> {
  process.send?.({ ready: true } satisfies Message)
  // an open timer keeps the process alive once the parent is gone
  const alive = setInterval(() => {}, 1 << 30)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  clearInterval(alive)
}

/** Where stderr goes in the background: to the parent, as long as it listens. */
export function sayToParent(text: string): void {
  if (process.connected) process.send?.({ say: text } satisfies Message)
}
