import { readdirSync, readFileSync } from 'node:fs'

/** What processes have used since they began. */
export interface Usage {
  /** user and system, all threads, and children that have ended */
  cpuSeconds: number
  /** VmHWM: includes mapped state files that are in memory */
  peakRssMiB: number
  /** of that, what is not backed by a file */
  anonymousMiB: number
}

const TICKS_PER_SECOND = 100

/** Of all of them together, from /proc: Linux only. @throws Error `ENOENT` where one has ended */
export function usageOf(pids: readonly number[]): Usage {
  const all = pids.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1])
    return {
      cpuSeconds: cpuSecondsOf([pid]),
      peakRssMiB: Math.round(kib('VmHWM') / 1024),
      anonymousMiB: Math.round(kib('RssAnon') / 1024),
    }
  })
  return {
    cpuSeconds: all.reduce((sum, one) => sum + one.cpuSeconds, 0),
    peakRssMiB: all.reduce((sum, one) => sum + one.peakRssMiB, 0),
    anonymousMiB: all.reduce((sum, one) => sum + one.anonymousMiB, 0),
  }
}

/** The first of {@link Usage} alone, which costs less to ask. */
export function cpuSecondsOf(pids: readonly number[]): number {
  // utime, stime, and those of children that were waited for
  const ticks = pids.flatMap((pid) => statOf(pid).slice(11, 15))
  return ticks.reduce((sum, value) => sum + Number(value), 0) / TICKS_PER_SECOND
}

/** These processes, and all that they have started and that run now. */
export function withChildren(pids: readonly number[]): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    try {
      parents.set(pid, Number(statOf(pid)[1]))
    } catch {
      // it has just ended
    }
  }
  const all = [...pids]
  for (const pid of all)
    // grows as it goes
    for (const [child, parent] of parents)
      if (parent === pid && !all.includes(child)) all.push(child)
  return all
}

/** The fields after the command's name, which may hold anything: state, ppid, … */
const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
