import type { Policies } from '@pulumi/policy'
import { atRest } from './rules/at-rest.ts'
import { iam } from './rules/iam.ts'
import { inTransit } from './rules/in-transit.ts'
import { logs } from './rules/logs.ts'
import { production } from './rules/production.ts'
import { reach } from './rules/reach.ts'
import { secrets } from './rules/secrets.ts'

/** Every rule; a plant in plants.ts shows that it fires. */
export const RULES: Policies = [
  ...atRest,
  ...inTransit,
  ...reach,
  ...iam,
  ...secrets,
  ...logs,
  ...production,
]
