import { describe } from './errors.ts'
import type { Log } from './log.ts'

/**
 * Runs a worker until it ends, fails, or is told to stop: SIGTERM, SIGINT, or the end of the parent that started it
 * with an IPC channel (so that no worker outlives a killed parent). Sets the exit code: 0 stopped, 1 failed.
 * @param deadlineMs after the first signal; then the process exits anyway
 * @param run does the work; resolves after `signal` aborts and everything is put away
 */
export async function runWorker(
  log: Log,
  deadlineMs: number,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<never> {
  const stop = new AbortController()
  const onSignal = (why: string) => {
    if (stop.signal.aborted) return
    log.info({ why }, 'stopping')
    setTimeout(() => {
      log.error('not stopped in time, exiting')
      process.exit(1)
    }, deadlineMs).unref()
    stop.abort()
  }
  process.on('SIGTERM', () => onSignal('SIGTERM'))
  process.on('SIGINT', () => onSignal('SIGINT'))
  process.on('disconnect', () => onSignal('the parent is gone'))
  // the parent may have gone while this process was being loaded; without one there is no such property
  if ('connected' in process && !process.connected) onSignal('the parent is gone')
  try {
    await run(stop.signal)
    process.exit(0)
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) process.exit(0)
    log.fatal({ err: error }, describe(error))
    process.exit(1)
  }
}

/** What a worker tells the parent that forked it, once it works. */
export interface Ready {
  type: 'ready'
  httpPort: number
}

/** Tells the parent, if there is one, that the worker is up and where its HTTP port is. */
export function announceReady(httpPort: number): void {
  process.send?.({ type: 'ready', httpPort } satisfies Ready)
}
