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
}

async function ensure(inputs: Inputs): Promise<Outputs> {
  const { secretArn, generation } = inputs
  const { publicKey } = await ask(inputs, { action: 'key', secretArn, generation })
  return { ...inputs, publicKey }
}

export const provider: Provider<Inputs, Outputs> = {
  async diff(_id, olds, news) {
    const changed = changedInputs(olds, news, ['functionName', 'region', 'secretArn', 'generation'])
    return { changes: changed.length > 0 }
  },
  async create(inputs) {
    return { id: 'service-key', outs: await ensure(inputs) }
  },
  async update(_id, _olds, news) {
    return { outs: await ensure(news) }
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
  /** which key pair the secret is to hold */
  generation: pulumi.Input<number>
}

/** A key pair of the warehouse's service user. The private key goes straight into the secret: not through Pulumi. */
export class ServiceKey extends pulumi.dynamic.Resource {
  /** the body of its PEM file in one line, as Snowflake takes it; public */
  declare readonly publicKey: pulumi.Output<string>

  constructor(name: string, args: ServiceKeyArgs, opts: pulumi.CustomResourceOptions = {}) {
    const inputs = { ...args, publicKey: undefined }
    super(providerByModule('service-key'), name, inputs, opts, 'order-up', 'ServiceKey')
  }
}
