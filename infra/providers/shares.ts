import {
  planSwap,
  sameShares,
  type ControlRecord,
  type DeploymentId,
  type Proof,
  type ShareTable,
  type Side,
  type SwapEvent,
} from '@order-up/control'
import * as pulumi from '@pulumi/pulumi'
import { providerByModule, type Provider } from './by-module.ts'
import { carry } from './carry.ts'
import { changedInputs, hasUnknown } from './inputs.ts'
import { ask, type ControlFunction } from './invoke.ts'

interface Inputs extends ControlFunction {
  target: ShareTable
  running: string[]
  proofs: Proof[]
  sides: Side[]
  /** '' = a cutover asks for a verdict */
  force: string
  dead: string[]
  lagBound: number
  timeoutS: number
}
interface Outputs extends Inputs {
  /** the newest one, when this was last looked at */
  epoch: number | null
}

const KEYS = [
  'functionName',
  'region',
  'target',
  'running',
  'proofs',
  'sides',
  'force',
  'dead',
  'lagBound',
] as const

// Pulumi shows what the dynamic-provider plugin prints on the stack's line as it comes, and below "Diagnostics"
const say = (line: string) => console.log(`shares: ${line}`)

async function reach(inputs: Inputs): Promise<Outputs> {
  const { timeoutS, force, dead } = inputs
  const event = eventOf(inputs)
  const { epoch } = await carry({
    step: () => ask(inputs, event, { say }),
    say,
    timeoutMs: timeoutS * 1_000,
  })
  if (force !== '')
    say('a cutover needs no verdict while order-up:force is set: `pulumi config rm order-up:force`')
  if (dead.length > 0)
    say(
      `${dead.join(', ')} counts as dead while order-up:dead is set: \`pulumi config rm order-up:dead\``,
    )
  return { ...inputs, epoch }
}

/** What the control function is asked for. A failover needs no verdict; its reason is that there is one. */
function eventOf({ target, proofs, sides, force, lagBound, ...inputs }: Inputs): SwapEvent {
  const running = inputs.running as DeploymentId[]
  const dead = inputs.dead as DeploymentId[]
  const event = { action: 'swap', target, running, proofs, sides, lagBound } as const
  if (dead.length > 0)
    return { ...event, dead, forced: force || `failover: ${dead.join(', ')} is dead` }
  return force === '' ? event : { ...event, forced: force }
}

const notKnown = (error: unknown) =>
  `what stands in the topic is not known. ${error instanceof Error ? error.message : String(error)}`

/** Patient for a moment only: a preview is not to hang where the function is gone. */
const present = async (at: ControlFunction) =>
  (await ask(at, { action: 'shares' }, { patienceMs: 20_000, say })).record

export const provider: Provider<Inputs, Outputs> = {
  /**
   * Asks what stands in the shares topic, always: after an update that was killed or failed, and a config that was set
   * back, the new inputs are those of the state, while the topic stands in the midst of a swap.
   */
  async diff(_id, olds, news) {
    const changed = changedInputs(olds, news, KEYS).length > 0
    // of a function that is yet to be made, nothing can be asked
    if (hasUnknown([news.functionName, news.region, news.target, news.running]))
      return { changes: true }
    try {
      const record = await present(news)
      const off = offTarget(record, news)
      if (off !== undefined) {
        say(off)
        const { steps } = planSwap(record ?? undefined, eventOf(news))
        for (const { name, about } of steps) say(`${name}: ${about}`)
      }
      return { changes: changed || off !== undefined }
    } catch (error) {
      say(notKnown(error))
      return { changes: true }
    }
  },
  async create(inputs) {
    return { id: 'shares', outs: await reach(inputs) }
  },
  async update(_id, _olds, news) {
    return { outs: await reach(news) }
  },
  async read(id, props) {
    if (!props) return { id }
    try {
      const record = await present(props)
      return { id, props: { ...props, epoch: record?.epoch ?? null } }
    } catch (error) {
      // a refresh has to go through where the function is gone
      say(notKnown(error))
      return { id, props }
    }
  },
}

/** How the newest epoch differs from what is wanted; undefined = not at all. */
function offTarget(
  record: ControlRecord | null,
  { target, running }: Pick<Inputs, 'target' | 'running'>,
): string | undefined {
  if (!record) return `no epoch was ever written; wanted is ${text(target)}`
  const { epoch, shares, swap, previous } = record
  if (swap)
    return `epoch ${epoch} is in a swap (${swap.step}) from ${text(swap.from)} to ${text(swap.target)}; wanted is ${text(target)}`
  if (!sameShares(shares, target))
    return `epoch ${epoch} gives ${text(shares)}; wanted is ${text(target)}`
  if (previous !== null && !running.includes(previous))
    return `epoch ${epoch} still names ${previous} as the way back, which no longer runs`
  return undefined
}

/** A share table in a few words, as `node-1 10–99, flink-1 0–9`. */
const text = (table: ShareTable) =>
  Object.entries(table)
    .map(([id, ranges]) => `${id} ${ranges.map(([from, to]) => `${from}–${to}`).join(' ')}`)
    .join(', ')

export interface SharesArgs {
  /** of the control function */
  functionName: pulumi.Input<string>
  /** AWS region */
  region: pulumi.Input<string>
  /** who owns which buckets in the end: one owner for each */
  target: ShareTable
  /** the deployments that run once this is done */
  running: readonly string[]
  /** that each of them runs as it was deployed: asked for before anything is moved */
  proofs: pulumi.Input<pulumi.Input<Proof>[]>
  /** what runs as each of them: what a verdict has to be about */
  sides: { deployment: Side['deployment']; artifact: pulumi.Input<string> }[]
  /** why a cutover needs no verdict; '' = it needs one */
  force: string
  /** declared dead: not waited for, and what it left open is aborted */
  dead: readonly string[]
  /** raw records that an incoming deployment may be behind, over all partitions */
  lagBound: number
  /** seconds until an update gives up and says what it waited for */
  timeoutS: number
}

/**
 * Who owns which orders: carries the running system from the epoch that it is in to the target. Creating or updating it
 * is the swap; deleting it leaves the topic as it is. Refused without a PASS of the comparer, unless `force` says why.
 */
export class Shares extends pulumi.dynamic.Resource {
  /** the newest epoch, when this was last looked at */
  declare readonly epoch: pulumi.Output<number | null>

  constructor(name: string, args: SharesArgs, opts: pulumi.CustomResourceOptions = {}) {
    const inputs = { ...args, epoch: undefined }
    super(providerByModule('shares'), name, inputs, opts, 'order-up', 'Shares')
  }
}
