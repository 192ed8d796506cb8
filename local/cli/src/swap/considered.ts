import {
  asksForVerdict,
  commandName,
  mainOwner,
  ownersIn,
  planSwap,
  refusals,
  sameShares,
  type DeploymentId,
  type SwapEvent,
  type SwapPlan,
  type Verdict,
} from '@order-up/control'
import { askVerdict, readVerdict } from '@order-up/control/operations'
import { OrderUpError } from '@order-up/kit'
import type { Scene } from './scene.ts'

/** What a command wants, as things stand. */
export interface Change {
  event: SwapEvent
  plan: SwapPlan
  /** why it is not begun; undefined = it is */
  refused: OrderUpError | undefined
  /** what a cutover rests on */
  verdict: Verdict | undefined
  /** what happens, where it is more than from one table to the other */
  about?: string
}

/** What stands for and against a swap, the verdict included where one is asked for. @throws TerminalError `VERDICT` */
export async function considered(scene: Scene, event: SwapEvent): Promise<Change> {
  const { record, stack, tools } = scene
  const asks = asksForVerdict(record, { target: event.target, forced: event.forced })
  const ids = [mainOwner(record.shares), mainOwner(event.target)]
  const verdict =
    asks && tools.verdictsUrl !== undefined ? await readVerdict(tools.verdictsUrl, ids) : undefined
  const refused =
    inTheWay(scene, event) ??
    (asks && !stack ? unknownArtefacts(ids) : undefined) ??
    (asks ? noVerdict(await askVerdict(tools, record, event, { verdict })) : undefined)
  return { event, plan: planSwap(record, event), refused, verdict }
}

function inTheWay({ record, running }: Scene, event: SwapEvent): OrderUpError | undefined {
  const { target } = event
  const others = refusals(record, event)
  if (others.length > 0) return new OrderUpError('SWAP_IN_PROGRESS', sentence(others))
  if (record.swap || sameShares(record.shares, target)) return undefined
  const [missing] = ownersIn(target).filter((id) => !running.includes(id))
  return missing && notRunning(missing)
}

export const notRunning = (id: DeploymentId) =>
  new OrderUpError('NOT_RUNNING', `${id} does not run, so it can own no order`, {
    remedy: `start it beside the other, \`order-up shadow start ${commandName(id)}\``,
  })

/** Elsewhere nobody says here what runs. */
const unknownArtefacts = (ids: readonly DeploymentId[]) =>
  new OrderUpError(
    'NO_VERDICT',
    `What runs as ${ids.join(' and as ')} is known to the stack that runs them, not here: no verdict can be asked for`,
    {
      remedy:
        'in the cloud ask for the swap by stack config (order-up:engine); or go on without a verdict, --force --reason "why"',
    },
  )

const noVerdict = (problems: readonly string[]) =>
  problems.length === 0
    ? undefined
    : new OrderUpError('NO_VERDICT', `A cutover needs a verdict: ${problems.join('; ')}`, {
        remedy: '`order-up shadow report --wait`',
      })

/** Lines as one sentence. */
export function sentence(lines: readonly string[]): string {
  const text = lines.join('; ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
