import {
  commandName,
  inWords,
  ownersIn,
  type ControlRecord,
  type DeploymentId,
  type SwapPlan,
} from '@order-up/control'
import { count } from '../text-table.ts'

const UNTOUCHED = 'producer, sink and the engine that has the orders: none is restarted'

/** What a new shadow means. @param raw records in raw; null = not known */
export function shadowPlan(
  { shares }: ControlRecord,
  id: DeploymentId,
  raw: number | null,
): SwapPlan {
  const name = commandName(id)
  return {
    from: inWords(shares),
    to: inWords(shares),
    changes: [
      `${id} runs beside ${ownersIn(shares).join(' and ')}, and writes to its shadow topics only`,
      'the comparer runs beside both',
    ],
    stays: [UNTOUCHED, 'who owns what'],
    waitsFor: [
      'the build of its engine, where its sources have changed',
      `the fold of ${raw === null ? 'all' : count(raw)} raw records, or of what is new since it last ran`,
    ],
    undo: `at any time: \`order-up retire ${name}\``,
    steps: [],
    refused: [],
  }
}

/** What it means to take a deployment away. */
export function retirePlan({ shares, previous }: ControlRecord, id: DeploymentId): SwapPlan {
  return {
    from: inWords(shares),
    to: inWords(shares),
    changes: [
      `${id} stops, and the comparer with it; its state and its topics are left`,
      ...(previous === id ? [`\`order-up swap --back\` to ${id} is no longer possible`] : []),
    ],
    stays: [UNTOUCHED, 'who owns what'],
    waitsFor: [`the end of ${id}'s processes`],
    undo: `only by a new shadow phase: \`order-up shadow start ${commandName(id)}\``,
    steps: [],
    refused: [],
  }
}
