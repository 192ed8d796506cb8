import { DeploymentName, engineOf, ownersIn, type DeploymentId } from '@order-up/control'
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

/** How a deployment is asked for with --engine: the first generation of a kind by its kind alone. */
const wordFor = (deployment: DeploymentId) =>
  deployment.endsWith('-1') ? engineOf(deployment) : deployment

/**
 * The deployment to run on orders that are divided so: the one that was asked for, or the one that has them.
 * @throws OrderUpError `OTHER_OWNER` where the one that runs would not be the one that writes the rows
 */
export function chooseDeployment(
  { epoch, shares }: Pick<SharesRecord, 'epoch' | 'shares'>,
  asked: DeploymentId | undefined,
  dataDir: string,
): DeploymentId {
  const owners = ownersIn(shares)
  const [owner, ...others] = owners
  const chosen = asked ?? owner
  if (owner !== undefined && others.length === 0 && owner === chosen) return owner
  const [they, goOn] =
    owner !== undefined && others.length === 0
      ? [`belong to ${owner}`, `go on with it (--engine ${wordFor(owner)}), or begin anew: `]
      : [
          `are divided between ${owners.join(' and ')}`,
          'one engine alone cannot run here; begin anew: ',
        ]
  throw new OrderUpError(
    'OTHER_OWNER',
    `The orders in ${dataDir} ${they} (epoch ${epoch})${asked ? `: ${asked} would write none of their rows` : ''}`,
    {
      remedy: `${goOn}another --data-dir, or \`npm run order-up -- down --purge\` and start again`,
    },
  )
}

/** The newest epoch. @throws OrderUpError `NO_SHARES` where none was ever written */
export async function currentShares(kafka: Kafka): Promise<SharesRecord> {
  const record = await readShares(kafka)
  if (record) return record
  throw new OrderUpError('NO_SHARES', 'No epoch was ever written: no engine may work yet', {
    remedy: 'deploy first (`npm run order-up -- up` does so locally)',
  })
}

/** Who owns what, for a person. */
export function sharesText({ epoch, shares }: Pick<SharesRecord, 'epoch' | 'shares'>): string {
  const parts = ownersIn(shares).map((owner) => {
    const buckets = shares[owner]!.reduce((sum, [from, to]) => sum + to - from + 1, 0)
    return `${owner} ${buckets} %`
  })
  return `epoch ${epoch}: ${parts.join(', ')} of the orders`
}
