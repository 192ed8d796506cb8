import { PolicyPack } from '@pulumi/policy'
import { RULES } from './rules.ts'

/** `pulumi preview --policy-pack infra/policy`: what a security team asks of a stack, each rule in rules/. */
export const pack = new PolicyPack('order-up', { policies: RULES, enforcementLevel: 'mandatory' })
