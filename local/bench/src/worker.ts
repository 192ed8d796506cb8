import { startWorker as start } from '@order-up/stack/testing'
import { usageOf, type Usage } from './usage.ts'

/** A worker under measurement, in a process of its own. */
export interface MeasuredWorker {
  pid: number
  httpPort: number
  usage(): Usage
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** @param module below functions/ */
export async function startWorker(
  module: string,
  env: Record<string, string>,
): Promise<MeasuredWorker> {
  const worker = await start(module, { LOG_LEVEL: 'warn', ...env })
  return {
    pid: worker.pid,
    httpPort: worker.httpPort,
    usage: () => usageOf([worker.pid]),
    async stop(signal = 'SIGTERM') {
      await worker.kill(signal)
    },
  }
}
