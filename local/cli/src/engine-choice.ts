import {
  commandName,
  DeploymentName,
  inWords,
  ownersIn,
  type ControlRecord,
  type DeploymentId,
} from '@order-up/control'
import { readShares } from '@order-up/control/operations'
import { OrderUpError } from '@order-up/kit'
import { ENGINES, type SharesRecord } from '@order-up/schemas'
import type { Kafka } from 'kafkajs'
import { UsageError } from './shell.ts'

/** `flink` is flink-1. @throws UsageError for an engine that there is not */
export function parseEngine(text: string): DeploymentId {
  const parsed = DeploymentName.safeParse(text)
  if (parsed.success) return parsed.data
  throw new UsageError(`There is no engine ${text}`, `use one of ${ENGINES.join(', ')}`)
}

/**
 * Sees to it that an engine that is asked for at a start has orders to write: to take them over is a swap, not a start.
 * @param asked undefined = none in particular
 * @throws OrderUpError `OTHER_OWNER`
 */
export function assertOwner(
  { epoch, shares }: Pick<SharesRecord, 'epoch' | 'shares'>,
  asked: DeploymentId | undefined,
  dataDir: string,
): void {
  const owners = ownersIn(shares)
  if (asked === undefined || owners.includes(asked)) return
  const word = commandName(asked)
  throw new OrderUpError(
    'OTHER_OWNER',
    `The orders in ${dataDir} belong to ${owners.join(' and ')} (epoch ${epoch}): ${asked} would write none of their rows`,
    {
      remedy: `start without --engine, then let it take over while orders flow: \`npm run order-up -- shadow start ${word}\`, and once it has a verdict \`npm run order-up -- swap --to ${word}\`. To begin anew instead: another --data-dir, or \`npm run order-up -- down --purge\``,
    },
  )
}

/** The newest epoch. @throws OrderUpError `NO_SHARES` where none was ever written */
export async function currentShares(kafka: Kafka): Promise<ControlRecord> {
  const record = await readShares(kafka)
  if (record) return record
  throw new OrderUpError('NO_SHARES', 'No epoch was ever written: no engine may work yet', {
    remedy: 'deploy first (`npm run order-up -- up` does so locally)',
  })
}

/** Who owns what, for a person. */
export const sharesText = ({ epoch, shares }: Pick<SharesRecord, 'epoch' | 'shares'>): string =>
  `epoch ${epoch}: ${inWords(shares)} of the orders`

/** A swap that is in progress, shortly; undefined = none is. */
export function swapText({ swap }: Pick<ControlRecord, 'swap'>): string | undefined {
  return swap ? `swap to ${inWords(swap.target)}: ${swap.step}` : undefined
}
