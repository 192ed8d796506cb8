import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { keySlots, type KeySlot } from '../plan/key-slots.ts'
import type { Runtime } from './runtime.ts'

/** One of the two places for a key pair of the warehouse's service user. */
export interface KeySecret {
  slot: KeySlot
  /** which key pair it is to hold */
  generation: number
  secret: aws.secretsmanager.Secret
}

export interface KeySecretsArgs {
  runtime: Pick<Runtime, 'keyArn' | 'protect'>
  /** settings.warehouse.keyGeneration */
  generation: number
}

/**
 * The secrets that hold the service user's private keys, as {"privateKey": …}. Empty when made: the control function
 * fills them, so that no private key is ever an input or output of a resource.
 */
export class KeySecrets extends pulumi.ComponentResource {
  /** those in use, by slot */
  readonly secrets: readonly KeySecret[]
  /** whose private key the sink logs in with */
  readonly active: KeySecret

  constructor(
    name: string,
    { runtime, generation }: KeySecretsArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:warehouse:KeySecrets', name, {}, opts)
    const { active, generations } = keySlots(generation)
    this.secrets = ([1, 2] as const).flatMap((slot) => {
      const held = generations[slot]
      if (held === undefined) return []
      const secret = new aws.secretsmanager.Secret(
        `${name}-${slot}`,
        {
          description: `Private key ${slot} of the warehouse's service user`,
          kmsKeyId: runtime.keyArn,
          recoveryWindowInDays: runtime.protect ? 30 : 7,
        },
        { parent: this, protect: runtime.protect },
      )
      return [{ slot, generation: held, secret }]
    })
    this.active = this.secrets.find(({ slot }) => slot === active)!
    this.registerOutputs()
  }
}
