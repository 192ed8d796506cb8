import type { dynamic } from '@pulumi/pulumi'

/** What a module that is loaded by name exports as `provider`. Nothing is ever deleted by any of them. */
export type Provider<Inputs, Outputs> = Required<
  Pick<dynamic.ResourceProvider<Inputs, Outputs>, 'diff' | 'create' | 'read' | 'update'>
>

/** By name, as the package is found from wherever Pulumi starts the plugin. */
const MODULES = {
  subject: () => import('@order-up/infra/providers/subject.ts'),
  'service-key': () => import('@order-up/infra/providers/service-key.ts'),
  shares: () => import('@order-up/infra/providers/shares.ts'),
}
export type ProviderName = keyof typeof MODULES

/**
 * A dynamic provider that imports the real one when it is called.
 *
 * Pulumi keeps a dynamic provider as text: it serialises the object with all that its methods refer to, stores that in
 * the stack's state, and loads it in another program. Classes, private fields, Node's own modules and the AWS SDK do not
 * survive this. So only these few lines are serialised; what runs is the module itself, of the checkout that `pulumi`
 * runs in. The text names no path and stays the same when a provider's code changes.
 */
export function providerByModule(name: ProviderName): dynamic.ResourceProvider {
  const load = async () => (await MODULES[name]()).provider as Provider<unknown, unknown>
  return {
    // the AWS SDK of the plugin does not see the stack's config
    async configure({ config }) {
      const profile = config.get('aws:profile')
      if (profile !== undefined) process.env['AWS_PROFILE'] ??= profile
    },
    async diff(id, olds, news) {
      return (await load()).diff(id, olds, news)
    },
    async create(inputs) {
      return (await load()).create(inputs)
    },
    async read(id, props) {
      return (await load()).read(id, props)
    },
    async update(id, olds, news) {
      return (await load()).update(id, olds, news)
    },
  }
}
