import * as aws from '@pulumi/aws'
import { validateResourceOfType, type Policies, type ReportViolation } from '@pulumi/policy'
import { isOpen, parsePolicy } from '../policy-document.ts'

/** `*`, `arn:aws:…:*` and the like: every resource of a kind or of an account */
const isEverything = (resource: string) =>
  /^(\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:(\*|[^:/]+[/:]\*))$/.test(resource)

function refuseWildcards(document: unknown, report: ReportViolation): void {
  for (const { allows, actions, resources, negated } of parsePolicy(document)) {
    if (!allows) continue
    if (negated)
      report('It allows by NotAction, NotResource or NotPrincipal: name what is allowed.')
    const wild = actions.filter((action) => action.includes('*'))
    if (actions.includes('*') || (wild.length > 0 && resources.some(isEverything)))
      report(`${wild.join(', ')} on ${resources.join(', ')}: name the actions, or the resources.`)
  }
}

/** Least privilege, as far as a rule can tell. */
export const iam: Policies = [
  {
    name: 'no-wildcard-on-wildcard',
    description: 'No role may take any action on any resource.',
    validateResource: [
      validateResourceOfType(aws.iam.RolePolicy, ({ policy }, _, report) =>
        refuseWildcards(policy, report),
      ),
      validateResourceOfType(aws.iam.Policy, ({ policy }, _, report) =>
        refuseWildcards(policy, report),
      ),
      validateResourceOfType(aws.iam.Role, ({ inlinePolicies = [] }, _, report) => {
        for (const { policy } of inlinePolicies) if (policy) refuseWildcards(policy, report)
      }),
    ],
  },
  {
    name: 'roles-trust-somebody',
    description: 'A role names who may assume it.',
    validateResource: validateResourceOfType(aws.iam.Role, ({ assumeRolePolicy }, _, report) => {
      const statements = parsePolicy(assumeRolePolicy)
      if (statements.some((statement) => isOpen(statement) || statement.negated))
        report('Anybody may assume it.')
    }),
  },
  {
    name: 'no-broad-managed-policy',
    description: "No role has one of AWS's own policies that grant everything of a service.",
    validateResource: [
      validateResourceOfType(aws.iam.RolePolicyAttachment, ({ policyArn }, _, report) => {
        if (isBroad(policyArn)) report(`${policyArn} grants too much.`)
      }),
      validateResourceOfType(aws.iam.Role, ({ managedPolicyArns = [] }, _, report) => {
        const broad = managedPolicyArns.map(String).filter(isBroad)
        if (broad.length > 0) report(`${broad.join(', ')}: too much.`)
      }),
    ],
  },
  {
    name: 'no-users',
    description: 'People and pipelines come by roles: no user, no long-lived key.',
    validateResource: [
      validateResourceOfType(aws.iam.User, (_, __, report) => report('Use a role.')),
      validateResourceOfType(aws.iam.AccessKey, (_, __, report) => report('Use a role.')),
    ],
  },
]

const isBroad = (policyArn: string) =>
  /:aws:policy\/(.*\/)?(AdministratorAccess|PowerUserAccess|\w+FullAccess)$/.test(policyArn)
