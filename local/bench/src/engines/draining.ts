import type { Fetcher } from '@order-up/kit'
import { CURATED_TOPIC } from '@order-up/schemas'
import { cpuSecondsOf } from '../usage.ts'
import { pause } from './lane.ts'
import type { RunningEngine } from './running.ts'
import type { Sample } from './steady.ts'
import type { Testbed } from './testbed.ts'

const LOOK_MS = 50

/** What is watched while an engine drains raw. */
export interface Draining {
  bed: Testbed
  engine: RunningEngine
  fetcher: Fetcher
  deployment: string
  /** rows, when all is done */
  total: number
  signal: AbortSignal
}

/** Watches curated, from its beginning, until all is committed and visible. @returns a sample for each change */
export async function drain(draining: Draining): Promise<Sample[]> {
  const { bed, engine, fetcher, deployment, total, signal } = draining
  const sum = (offsets: readonly number[]) => offsets.reduce((a, b) => a + b, 0)
  const visibleNow = async () => sum(await fetcher.lastStableOffsets(CURATED_TOPIC))
  const changes: Sample[] = []
  let visible = 0
  for (;;) {
    const now = await visibleNow()
    if (now > visible) {
      visible = now
      changes.push({
        at: performance.now(),
        visible,
        engineCpu: engine.cpuSeconds(),
        brokerCpu: cpuSecondsOf([bed.pipeline.brokerPid]),
      })
    } else if (visible >= total && (await bed.hasCommittedAll(deployment))) {
      const ended = sum(await fetcher.highWatermarks(CURATED_TOPIC))
      if (ended === visible && (await visibleNow()) === visible) return changes
    }
    await pause(LOOK_MS, signal)
  }
}
