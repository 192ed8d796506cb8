import * as aws from '@pulumi/aws'
import { validateResourceOfType, type Policies } from '@pulumi/policy'
import { parsePolicy } from '../policy-document.ts'
import { isProduction, without } from '../stack.ts'

/** TLS 1.2 or later */
const TLS_POLICY = /^ELBSecurityPolicy-TLS13-1-[23]-/

/** Nothing goes over a network in plain text. */
export const inTransit: Policies = [
  {
    name: 'kafka-tls',
    description: 'Kafka is spoken over TLS only, between brokers too, by callers that IAM knows.',
    validateResource: validateResourceOfType(aws.msk.Cluster, (cluster, _, report) => {
      const { clientBroker, inCluster } = cluster.encryptionInfo?.encryptionInTransit ?? {}
      if (clientBroker !== 'TLS')
        report('Set encryptionInfo.encryptionInTransit.clientBroker: TLS.')
      if (inCluster !== true) report('Set encryptionInfo.encryptionInTransit.inCluster: true.')
      const { sasl, unauthenticated } = cluster.clientAuthentication ?? {}
      if (sasl?.iam !== true) report('Set clientAuthentication.sasl.iam: true.')
      if (unauthenticated === true) report('clientAuthentication.unauthenticated lets anybody in.')
    }),
  },
  {
    name: 'load-balancer-tls',
    description: 'A load balancer takes TLS 1.2 or later; in production it takes nothing else.',
    validateResource: validateResourceOfType(
      aws.lb.Listener,
      ({ protocol, sslPolicy, defaultActions }, { urn }, report) => {
        if (protocol === 'HTTPS' || protocol === 'TLS') {
          if (!TLS_POLICY.test(sslPolicy ?? ''))
            report(`sslPolicy is ${sslPolicy ?? 'not set'}: take one of ELBSecurityPolicy-TLS13-….`)
          return
        }
        const redirects = defaultActions.every(({ type }) => type === 'redirect')
        if (isProduction(urn) && !redirects)
          report(`protocol is ${protocol ?? 'not set'}: HTTPS, or a redirect to it.`)
      },
    ),
  },
  {
    name: 'database-tls',
    description: 'A database refuses connections without TLS.',
    validateResource: [
      validateResourceOfType(aws.rds.Instance, ({ parameterGroupName }, _, report) => {
        if (!parameterGroupName)
          report('Set parameterGroupName, of a group with rds.force_ssl = 1.')
      }),
      validateResourceOfType(aws.rds.ParameterGroup, ({ parameters = [] }, _, report) => {
        if (!parameters.some(({ name, value }) => name === 'rds.force_ssl' && value === '1'))
          report('Its parameters need rds.force_ssl = 1.')
      }),
    ],
  },
  {
    name: 'bucket-tls',
    description: 'A bucket refuses requests without TLS.',
    validateResource: validateResourceOfType(aws.s3.BucketPolicy, ({ policy }, _, report) => {
      if (!refusesPlainText(policy))
        report('It needs a Deny of s3:* where aws:SecureTransport is false.')
    }),
    validateStack: ({ resources }, report) => {
      for (const bucket of without(resources, aws.s3.Bucket, aws.s3.BucketPolicy))
        report('It has no BucketPolicy.', bucket.urn)
    },
  },
]

const refusesPlainText = (policy: unknown) =>
  parsePolicy(policy).some(
    ({ allows, actions, condition }) =>
      !allows && actions.includes('s3:*') && condition['Bool']?.['aws:SecureTransport'] === 'false',
  )
