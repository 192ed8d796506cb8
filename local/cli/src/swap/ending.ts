import {
  commandName,
  inWords,
  mainOwner,
  ownersIn,
  type DeploymentId,
  type ShareTable,
} from '@order-up/control'
import type { Run } from '@order-up/stack'
import { count } from '../text-table.ts'
import { seconds, type Carried } from './carry.ts'

/** Whether what the swap has no business with is as it was; null = it does not run here, so nobody knows. */
export interface Untouched {
  producer: boolean | null
  sink: boolean | null
}

/** The answer of a command that carried a swap. */
export interface SwapResult extends Carried {
  /** who owned most, and who does now */
  from: DeploymentId
  to: DeploymentId
  /** what the cutover rested on; null = none was asked for */
  verdict: { verdict: string; reason: string; at: number } | null
  /** why no verdict was asked for */
  forced?: string
  untouched: Untouched
}

/** Compares the processes of ingest and sink: a swap restarts none. */
export function untouched(before: Run | undefined, after: Run | undefined): Untouched {
  const same = (name: string) => {
    const [was, is] = [before, after].map((run) => run?.workers.find((w) => w.name === name))
    return was && is ? was.pid === is.pid && was.restarts === is.restarts : null
  }
  return { producer: same('ingest'), sink: same('sink') }
}

/** What has come of it, for a person, and what can be done next. */
export function endText(result: SwapResult): string {
  const { shares, epoch, steps, ms, filled, previous } = result
  const owners = inWords(shares)
  if (steps.length === 0) return `${owners} of the orders already (epoch ${epoch}): nothing to do`
  return [
    `${owners} of the orders (epoch ${epoch}), after ${seconds(ms)}. ${filledText(filled)}`,
    untouchedText(result.untouched),
    ...nextCommands(shares, previous),
  ].join('\n')
}

const filledText = (filled: number) =>
  filled === 0
    ? 'Curated lacked nothing'
    : `Curated lacked ${count(filled)} ${filled === 1 ? 'record' : 'records'}: filled in from the shadow topics`

function untouchedText({ producer, sink }: Untouched): string {
  if (producer === null || sink === null)
    return 'Producer and sink were not asked for anything; they do not run here, so that is all that is known of them'
  const touched = [producer ? [] : 'the producer', sink ? [] : 'the sink'].flat()
  return touched.length === 0
    ? 'Producer and sink were not touched: the same processes as before'
    : `By itself, ${touched.join(' and ')} ended meanwhile and was started again: see \`order-up status\``
}

function nextCommands(shares: ShareTable, previous: string | null): string[] {
  const [, second] = ownersIn(shares)
  if (second !== undefined) {
    const minor = ownersIn(shares).find((id) => id !== mainOwner(shares))!
    return [
      `  All of it:  \`order-up swap --to ${commandName(minor)}\``,
      `  None:       \`order-up split ${commandName(minor)}=0\``,
    ]
  }
  if (previous === null) return []
  return [
    `  Back at once:  \`order-up swap --back\``,
    `  For good:      \`order-up retire ${commandName(previous as DeploymentId)}\``,
  ]
}
