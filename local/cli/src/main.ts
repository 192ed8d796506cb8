import { resolve } from 'node:path'
import { sayToParent } from './background.ts'
import { run } from './program.ts'
import { EXIT, type Shell } from './shell.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(EXIT.failed) // asked twice: at once; the children end with this process
    stop.abort()
  })
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') process.exit(EXIT.failed) // who reads no further, as `| head`, changes no exit code
})

const isBackground = process.argv.includes('--background')

const shell: Shell = {
  env: process.env,
  root: resolve(import.meta.dirname, '../../..'),
  out: (text) => void process.stdout.write(text),
  err: isBackground ? sayToParent : (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY && !isBackground,
  signal: stop.signal,
  exitCode: EXIT.done,
}
const exitCode = await run(shell, process.argv.slice(2))
// npm makes a pipe to its reader non-blocking: what does not fit into it yet would be lost at the exit
await Promise.all([process.stdout, process.stderr].map(written))
process.exit(exitCode)

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
