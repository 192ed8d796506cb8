import { setTimeout as delay } from 'node:timers/promises'
import type { RawEntry } from './ledger.ts'

const TICK_MS = 50

/** Records that go on coming until told to stop. */
export interface Load {
  /** resolves once nothing more comes; rejects where writing failed */
  stop(): Promise<void>
}

/** Writes so many records a second. */
export function startLoad(
  records: Iterator<RawEntry>,
  rate: number,
  write: (entries: RawEntry[]) => Promise<void>,
): Load {
  let stopping = false
  const done = (async () => {
    let due = 0
    let last = performance.now()
    while (!stopping) {
      const now = performance.now()
      due = Math.min(due + ((now - last) * rate) / 1_000, rate) // what an outage held up is not made up for
      last = now
      const entries: RawEntry[] = []
      for (; due >= 1; due--) {
        const next = records.next()
        if (next.done) break
        entries.push(next.value)
      }
      if (entries.length > 0) await write(entries)
      await delay(TICK_MS)
    }
  })()
  done.catch(() => {}) // whoever stops it is told
  return {
    stop() {
      stopping = true
      return done
    },
  }
}
