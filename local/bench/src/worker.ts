import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A worker under measurement, in a process of its own. */
export interface MeasuredWorker {
  pid: number
  usage(): Usage
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface Usage {
  /** user and system, all threads */
  cpuSeconds: number
  /** VmHWM: includes mapped state files that are in memory */
  peakRssMiB: number
  /** of that, what is not backed by a file */
  anonymousMiB: number
}

/** @param module below functions/ */
export async function startWorker(
  module: string,
  env: Record<string, string>,
): Promise<MeasuredWorker> {
  const path = fileURLToPath(new URL(`../../../functions/${module}`, import.meta.url))
  const child = fork(path, [], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => {
      throw new Error(`${module} exited with ${code}`)
    }),
  ])
  return {
    pid: child.pid!,
    usage: () => usageOf(child.pid!),
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await exited
    },
  }
}

const TICKS_PER_SECOND = 100

/** From /proc: Linux only. */
export function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) / 1024
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakRssMiB: Math.round(mib('VmHWM')),
    anonymousMiB: Math.round(mib('RssAnon')),
  }
}
