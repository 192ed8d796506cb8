import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@order-up/kit'
import type { ChildSpec, Stack } from '@order-up/stack'
import { entryOf } from './pipeline.ts'
import type { Pair } from './reconcile.ts'

/** Its worker, as the supervisor and the status know it. */
export const COMPARER = 'parity'

/** On a laptop somebody waits for it: more often than in the cloud. */
const REPORT_INTERVAL_MS = 2_000

/** Where the comparer of a data folder leaves its verdicts. */
export const verdictsOf = (dataDir: string) => join(dataDir, 'verdicts')

export interface ComparerOptions {
  dataDir: string
  onProgress(line: string): void
}

/**
 * Keeps one comparer for the pair that it is told of, none without a pair, and never two. What ails it is said, and
 * shown as its worker's state; it is no reason for anything else to stop.
 * @returns to be called with what there is to compare, as often as one likes
 */
export function keepComparer(
  stack: Stack,
  options: ComparerOptions,
): (pair: Pair | undefined) => void {
  const { supervisor } = stack
  let compared = ''
  let isLeaving = false
  return (pair) => {
    const wanted = pair === undefined ? '' : JSON.stringify(pair)
    if (isLeaving || wanted === compared) return
    if (compared !== '') {
      isLeaving = true
      compared = ''
      void supervisor.remove(COMPARER).finally(() => (isLeaving = false))
    } else if (pair) {
      compared = wanted
      Promise.resolve()
        .then(() => supervisor.start(comparerSpec(stack, pair, options)))
        .catch((error: unknown) => {
          // asked to leave before it was ready, it has not failed
          if (compared === wanted) options.onProgress(`No comparison: ${messageOf(error)}`)
        })
    }
  }
}

function comparerSpec(stack: Stack, pair: Pair, { dataDir }: ComparerOptions): ChildSpec {
  const verdicts = verdictsOf(dataDir)
  return {
    name: COMPARER,
    module: entryOf('parity'),
    env: {
      ...stack.kafkaConfig,
      DEPLOYMENTS: pair.deployments.join(','),
      ARTIFACTS: pair.artifacts.join(','),
      VERDICTS_URL: verdicts,
      REPORT_INTERVAL_MS: String(REPORT_INTERVAL_MS),
      HTTP_PORT: '0',
    },
    prepare: async () => void (await mkdir(verdicts, { recursive: true })),
  }
}
