import type { DeploymentId, Proof } from '@order-up/control'
import * as pulumi from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import { lagBoundOf } from '../plan/sizes.ts'
import { Shares } from '../providers/shares.ts'

/** What this component has to know of an engine. */
export interface DeployedEngine extends pulumi.Resource {
  readonly deployment: DeploymentId
  /** how it is proven to run */
  readonly proof: pulumi.Output<Proof>
  /** the image's digest or the jar's hash */
  readonly artifact: pulumi.Output<string>
}

export interface EngineSharesArgs {
  /** of the control function */
  functionName: pulumi.Input<string>
  settings: Pick<Settings, 'region' | 'deployments' | 'force' | 'dead' | 'sizes'>
  /** every one that runs: all of them are there before anything is moved */
  engines: readonly DeployedEngine[]
}

/** A new engine folds raw from its beginning before it can take an order. */
const TIMEOUT_S = 3_600

/**
 * The flip: who owns which orders. Engines come before it; those that leave go after it, as Pulumi deletes last. So one
 * that was on its way in, when the config is set back, is deleted only once the shares no longer name it.
 */
export class EngineShares extends pulumi.ComponentResource {
  /** the newest epoch, when it was last looked at */
  readonly epoch: pulumi.Output<number | null>

  constructor(name: string, args: EngineSharesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('orderup:engine:Shares', name, {}, opts)
    const { functionName, settings, engines } = args
    const { deployments, region, force, dead, sizes } = settings
    const shares = new Shares(
      name,
      {
        functionName,
        region,
        target: deployments.target,
        running: deployments.running,
        proofs: engines.map(({ proof }) => proof),
        sides: engines.map(({ deployment, artifact }) => ({ deployment, artifact })),
        force,
        dead: dead === 'none' ? [] : [dead],
        lagBound: lagBoundOf(sizes),
        timeoutS: TIMEOUT_S,
      },
      { parent: this, dependsOn: [...engines] },
    )
    this.epoch = shares.epoch
    this.registerOutputs({ epoch: this.epoch })
  }
}
