import * as pulumi from '@pulumi/pulumi'
import { providerByModule, type Provider } from './by-module.ts'
import { changedInputs } from './inputs.ts'
import { ask, type ControlFunction } from './invoke.ts'

interface Inputs extends ControlFunction {
  subject: string
  /** Avro as JSON text, every version, the oldest first */
  schemas: string[]
  compatibility: 'FULL_TRANSITIVE'
}
interface Outputs extends Inputs {
  /** of each schema, in the order of `schemas` */
  ids: number[]
}

async function ensure(inputs: Inputs): Promise<Outputs> {
  const { subject, schemas, compatibility } = inputs
  const { ids } = await ask(inputs, { action: 'subject', subject, schemas, compatibility })
  return { ...inputs, ids }
}

export const provider: Provider<Inputs, Outputs> = {
  async diff(_id, olds, news) {
    const changed = changedInputs(olds, news, [
      'functionName',
      'region',
      'subject',
      'schemas',
      'compatibility',
    ])
    return { changes: changed.length > 0, replaces: changed.filter((key) => key === 'subject') }
  },
  async create(inputs) {
    return { id: inputs.subject, outs: await ensure(inputs) }
  },
  async update(_id, _olds, news) {
    return { outs: await ensure(news) }
  },
  async read(id, props) {
    return { id, ...(props && { props }) }
  },
}

export interface SubjectArgs {
  /** of the control function */
  functionName: pulumi.Input<string>
  /** AWS region */
  region: pulumi.Input<string>
  /** part of the contract: never renamed */
  subject: string
  /** Avro schemas, every version, the oldest first */
  schemas: readonly object[]
}

/**
 * A subject of the schema registry: its compatibility and every version of its schema. A schema that does not fit fails
 * the update in the registry's own words. Never deleted: bytes are read by their ids for ever. What was registered by
 * someone else is not looked for; to register again in an empty registry, `pulumi up --replace <urn>`.
 */
export class Subject extends pulumi.dynamic.Resource {
  /** of each schema, in their order */
  declare readonly ids: pulumi.Output<number[]>

  constructor(
    name: string,
    { schemas, ...args }: SubjectArgs,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    const inputs = {
      ...args,
      schemas: schemas.map((schema) => JSON.stringify(schema)),
      compatibility: 'FULL_TRANSITIVE',
      ids: undefined,
    }
    super(providerByModule('subject'), name, inputs, opts, 'order-up', 'Subject')
  }
}
