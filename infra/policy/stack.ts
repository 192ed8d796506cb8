import type { PolicyResource } from '@pulumi/policy'

/** A stack is a production one by its name: `prod`, `prod-eu`, `production`. */
export const isProduction = (urn: string): boolean => urn.startsWith('urn:pulumi:prod')

export type ResourceClass = Parameters<PolicyResource['isType']>[0]

/**
 * AWS splits a bucket over many resources: those of a class that no resource of another class refers to by an input.
 */
export function without(
  resources: readonly PolicyResource[],
  of: ResourceClass,
  partner: ResourceClass,
): PolicyResource[] {
  const partnered = new Set(
    resources
      .filter((resource) => resource.isType(partner))
      .flatMap(({ propertyDependencies }) => Object.values(propertyDependencies).flat())
      .map(({ urn }) => urn),
  )
  return resources.filter((resource) => resource.isType(of) && !partnered.has(resource.urn))
}
