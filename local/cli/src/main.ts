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
process.exit(await run(shell, process.argv.slice(2)))
