import * as pulumi from '@pulumi/pulumi'
import { policyOf, type Statement } from '../plan/grants.ts'
import type { KafkaAccess } from './runtime.ts'

/** One policy document of several lists of statements. */
export const policyDocument = (...lists: pulumi.Input<Statement[]>[]): pulumi.Output<string> =>
  pulumi.jsonStringify(pulumi.all(lists).apply((all) => policyOf(all.flat())))

/**
 * Who may take a role: one AWS service.
 * @param account only for this account's resources, where the service says for whose it asks
 */
export const trustOf = (service: string, account?: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: service },
        ...(account !== undefined && {
          Condition: { StringEquals: { 'aws:SourceAccount': account } },
        }),
      },
    ],
  })

/** To read Kafka's password, where there is one: of those whom nobody hands it over. */
export const passwordStatements = ({ secretArn }: KafkaAccess): Statement[] =>
  secretArn === undefined
    ? []
    : [
        {
          Sid: 'KafkaPassword',
          Effect: 'Allow',
          Action: ['secretsmanager:GetSecretValue'],
          Resource: [secretArn],
        },
      ]
