import * as pulumi from '@pulumi/pulumi'

/** Options for a component all of whose resources wait for others: a component hands its own dependsOn to nobody. */
export const after = (...resources: pulumi.Resource[]): pulumi.ComponentResourceOptions => ({
  transformations: [
    ({ props, opts }) => ({ props, opts: pulumi.mergeOptions(opts, { dependsOn: resources }) }),
  ],
})
