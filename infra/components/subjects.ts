import { AVRO_SCHEMAS } from '@order-up/schemas'
import * as pulumi from '@pulumi/pulumi'
import { Subject } from '../providers/subject.ts'

export interface SubjectsArgs {
  /** of the control function */
  functionName: pulumi.Input<string>
  /** AWS region */
  region: string
}

/** The contract's subjects in the schema registry, with every version of their schemas. */
export class Subjects extends pulumi.ComponentResource {
  /** by subject, of each version, the oldest first */
  readonly ids: Readonly<Record<string, pulumi.Output<number[]>>>

  constructor(name: string, args: SubjectsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:registry:Subjects', name, {}, opts)
    this.ids = Object.fromEntries(
      Object.entries(AVRO_SCHEMAS).map(([subject, schemas]) => [
        subject,
        new Subject(subject, { ...args, subject, schemas }, { parent: this }).ids,
      ]),
    )
    this.registerOutputs({ ids: this.ids })
  }
}
