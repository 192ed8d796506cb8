import * as aws from '@pulumi/aws'
import { validateResourceOfType, type Policies } from '@pulumi/policy'

const SECRET_NAME = /password|passphrase|secret|private_?key|token/i
const isArn = (value: unknown) => typeof value === 'string' && value.startsWith('arn:')

/** Names of variables that look like a secret, and hold something else than where it is kept. */
const leaks = (variables: Readonly<Record<string, unknown>>) =>
  Object.entries(variables)
    .filter(([name, value]) => SECRET_NAME.test(name) && !isArn(value))
    .map(([name]) => name)

interface Container {
  name: string
  environment?: { name: string; value: unknown }[]
}

/** Workers are given ARNs; Secrets Manager keeps what is behind them, and Pulumi's state never sees it. */
export const secrets: Policies = [
  {
    name: 'no-secret-in-environment',
    description: 'An environment names where a secret is kept, never the secret.',
    validateResource: [
      validateResourceOfType(aws.ecs.TaskDefinition, ({ containerDefinitions }, _, report) => {
        for (const { name, environment = [] } of JSON.parse(containerDefinitions) as Container[]) {
          const leaked = leaks(Object.fromEntries(environment.map((v) => [v.name, v.value])))
          if (leaked.length > 0) report(`${name}: ${leaked.join(', ')} belongs into secrets.`)
        }
      }),
      validateResourceOfType(aws.lambda.Function, ({ environment }, _, report) => {
        const leaked = leaks(environment?.variables ?? {})
        if (leaked.length > 0) report(`${leaked.join(', ')}: give it the secret's ARN.`)
      }),
      validateResourceOfType(aws.kinesisanalyticsv2.Application, (application, _, report) => {
        const groups =
          application.applicationConfiguration?.environmentProperties?.propertyGroups ?? []
        const leaked = groups.flatMap(({ propertyMap }) => leaks(propertyMap))
        if (leaked.length > 0) report(`${leaked.join(', ')}: give it the secret's ARN.`)
      }),
    ],
  },
  {
    name: 'no-secret-in-state',
    description:
      "No password or private key is an input or output of a resource: Pulumi's state would keep it.",
    validateResource: [
      validateResourceOfType(aws.rds.Instance, (database, _, report) => {
        if (database.password !== undefined || database.manageMasterUserPassword !== true)
          report('Set manageMasterUserPassword: true, and no password.')
      }),
      validateResourceOfType(aws.secretsmanager.SecretVersion, (_, __, report) =>
        report('Let the control function write it.'),
      ),
      ({ type }, report) => {
        if (/^(tls:index\/privateKey|random:index\/randomPassword):/.test(type))
          report('Let the control function make it.')
      },
    ],
  },
]
