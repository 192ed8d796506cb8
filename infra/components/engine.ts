import * as pulumi from '@pulumi/pulumi'
import { engineOf, type DeploymentId, type Proof } from '@order-up/control'
import type { Settings } from '../config.ts'
import { engineService } from './engine-service.ts'
import { flinkApplication } from './flink.ts'
import type { Runtime } from './runtime.ts'
import type { StateBucket } from './state-bucket.ts'

export interface EngineArgs {
  runtime: Runtime
  deployment: DeploymentId
  settings: Pick<Settings, 'bootstrap' | 'stack' | 'images' | 'sizes'>
  state: StateBucket
}

/** What a deployment runs as, on whichever service of AWS. */
export interface RunningEngine {
  /** how it is proven to run as it is here */
  proof: pulumi.Output<Proof>
  /** the image's digest, or the jar's hash: what a verdict is about */
  artifact: pulumi.Output<string>
  /** the ECS service's or the Flink application's, which its metrics are found by */
  physicalName: pulumi.Output<string>
  logGroupName: pulumi.Output<string>
}

/**
 * A running engine, named by its deployment's id. Nothing of it depends on whether it owns the orders, some of them or
 * none: that is the shares topic's to say, and a change of it restarts nothing.
 * @throws Error naming the command that builds its artefact, where that is missing
 */
export class Engine extends pulumi.ComponentResource implements RunningEngine {
  readonly deployment: DeploymentId
  readonly proof: pulumi.Output<Proof>
  readonly artifact: pulumi.Output<string>
  readonly physicalName: pulumi.Output<string>
  readonly logGroupName: pulumi.Output<string>

  constructor(args: EngineArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { deployment } = args
    const name = `engine-${deployment}`
    super('orderup:engine:Engine', name, {}, opts)
    const running =
      engineOf(deployment) === 'flink'
        ? flinkApplication(name, args, this)
        : engineService(name, args, this)
    this.deployment = deployment
    this.proof = running.proof
    this.artifact = running.artifact
    this.physicalName = running.physicalName
    this.logGroupName = running.logGroupName
    this.registerOutputs({ artifact: this.artifact, proof: this.proof })
  }
}
