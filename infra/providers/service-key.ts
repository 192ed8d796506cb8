import * as pulumi from '@pulumi/pulumi'
import { providerByModule, type Provider } from './by-module.ts'
import { changedInputs } from './inputs.ts'
import { ask, type ControlFunction } from './invoke.ts'

interface Inputs extends ControlFunction {
  secretArn: string
  generation: number
}
interface Outputs extends Inputs {
  publicKey: string
  previousPublicKey: string
}

async function publicKey(inputs: Inputs): Promise<string> {
  const { secretArn, generation } = inputs
  const answer = await ask(inputs, { action: 'key', secretArn, generation })
  return answer.publicKey
}

export const provider: Provider<Inputs, Outputs> = {
  async diff(_id, olds, news) {
    const changed = changedInputs(olds, news, ['functionName', 'region', 'secretArn', 'generation'])
    return { changes: changed.length > 0 }
  },
  async create(inputs) {
    const outs = { ...inputs, publicKey: await publicKey(inputs), previousPublicKey: '' }
    return { id: 'service-key', outs }
  },
  async update(_id, olds, news) {
    const current = await publicKey(news)
    const rotated = current !== olds.publicKey
    const previous = rotated ? olds.publicKey : olds.previousPublicKey
    return { outs: { ...news, publicKey: current, previousPublicKey: previous } }
  },
  async read(id, props) {
    return { id, ...(props && { props }) }
  },
}

export interface ServiceKeyArgs {
  /** of the control function, which makes the key pair */
  functionName: pulumi.Input<string>
  /** AWS region */
  region: pulumi.Input<string>
  /** in Secrets Manager: gets the private key, which comes nowhere else */
  secretArn: pulumi.Input<string>
  /** counts the key pairs: raise it by one to rotate */
  generation: pulumi.Input<number>
}

/** The key pair of the warehouse's service user. The private key goes straight into the secret: not through Pulumi. */
export class ServiceKey extends pulumi.dynamic.Resource {
  /** the body of its PEM file in one line, as Snowflake takes it; public */
  declare readonly publicKey: pulumi.Output<string>
  /** of the generation before, which stays valid until the next rotation; '' = there was none */
  declare readonly previousPublicKey: pulumi.Output<string>

  constructor(name: string, args: ServiceKeyArgs, opts: pulumi.CustomResourceOptions = {}) {
    const inputs = { ...args, publicKey: undefined, previousPublicKey: undefined }
    super(providerByModule('service-key.ts'), name, inputs, opts, 'order-up', 'ServiceKey')
  }
}
