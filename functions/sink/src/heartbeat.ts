import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 1_000

/** Keeps the group membership alive while `work` takes its time; a heartbeat that fails ends the wait. */
export async function whileBeating(
  heartbeat: () => Promise<void>,
  work: Promise<void>,
): Promise<void> {
  const done = work.then(() => true)
  for (;;) {
    const timer = new AbortController()
    const pause = sleep(EVERY_MS, false, { signal: timer.signal }).catch(() => false)
    try {
      if (await Promise.race([done, pause])) return
    } finally {
      timer.abort()
    }
    await heartbeat()
  }
}
