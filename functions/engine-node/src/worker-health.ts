import type { Health } from '@order-up/kit'

/** What one worker says of itself. */
export interface WorkerHealth extends Health {
  /** as `node-1` */
  deployment: string
  /** among those of its deployment */
  instance: string
  pid: number
  /** undefined = it is a member of its group */
  waiting_for: string | undefined
  partitions: { partition: number; emitting: boolean }[]
}

type Name = Pick<WorkerHealth, 'deployment' | 'instance' | 'pid'>

/**
 * The workers of one command as one, and each of them by itself. Pure.
 * @param answers by worker; undefined = it does not answer
 */
export function healthOfAll(
  name: Name,
  answers: readonly (WorkerHealth | undefined)[],
): WorkerHealth & { workers: (WorkerHealth | { worker: number; healthy: false })[] } {
  const silent = answers.findIndex((health) => health === undefined) + 1
  return {
    healthy: answers.every((health) => health?.healthy === true),
    ...name,
    waiting_for:
      silent > 0
        ? `an answer of worker ${silent}`
        : answers.find((health) => health?.waiting_for !== undefined)?.waiting_for,
    partitions: answers
      .flatMap((health) => health?.partitions ?? [])
      .toSorted((a, b) => a.partition - b.partition),
    workers: answers.map((health, i) => health ?? { worker: i + 1, healthy: false }),
  }
}
