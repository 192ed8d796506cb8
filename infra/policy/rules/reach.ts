import * as aws from '@pulumi/aws'
import { validateResourceOfType, type Policies } from '@pulumi/policy'
import { isOpen, parsePolicy } from '../policy-document.ts'
import { without, type ResourceClass } from '../stack.ts'

const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0'])
const anywhere = (cidrs: readonly (string | undefined)[] | undefined) =>
  (cidrs ?? []).some((cidr) => cidr !== undefined && ANYWHERE.has(cidr))
const FROM_ANYWHERE = 'It lets in 0.0.0.0/0 or ::/0: name a security group or a range.'

const WITH_POLICY: readonly ResourceClass[] = [
  aws.s3.BucketPolicy,
  aws.sns.TopicPolicy,
  aws.sqs.QueuePolicy,
  aws.secretsmanager.SecretPolicy,
  aws.ecr.RepositoryPolicy,
  aws.kms.Key,
]

/** Nothing can be reached from outside but the API, and that asks who is calling. */
export const reach: Policies = [
  {
    name: 'bucket-not-public',
    description: 'A bucket can never be made public.',
    validateResource: validateResourceOfType(
      aws.s3.BucketPublicAccessBlock,
      (
        { blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets },
        _,
        report,
      ) => {
        const all = [blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets]
        if (!all.every((set) => set === true)) report('All four settings must be true.')
      },
    ),
    validateStack: ({ resources }, report) => {
      for (const bucket of without(resources, aws.s3.Bucket, aws.s3.BucketPublicAccessBlock))
        report('It has no BucketPublicAccessBlock.', bucket.urn)
    },
  },
  {
    name: 'database-not-public',
    description: 'A database has no public address.',
    validateResource: validateResourceOfType(
      aws.rds.Instance,
      ({ publiclyAccessible }, _, report) => {
        if (publiclyAccessible !== false) report('Set publiclyAccessible: false.')
      },
    ),
  },
  {
    name: 'kafka-not-public',
    description: 'Brokers have no public addresses.',
    validateResource: validateResourceOfType(aws.msk.Cluster, (cluster, _, report) => {
      const type = cluster.brokerNodeGroupInfo.connectivityInfo?.publicAccess?.type ?? 'DISABLED'
      if (type !== 'DISABLED') report(`connectivityInfo.publicAccess.type is ${type}.`)
    }),
  },
  {
    name: 'tasks-not-public',
    description: 'A container has no public address, and no shell to open from outside.',
    validateResource: validateResourceOfType(aws.ecs.Service, (service, _, report) => {
      if (service.networkConfiguration?.assignPublicIp !== false)
        report('Set networkConfiguration.assignPublicIp: false.')
      if (service.enableExecuteCommand === true) report('enableExecuteCommand opens a shell.')
    }),
  },
  {
    name: 'load-balancer-internal',
    description: 'A load balancer is reached from inside of the VPC only.',
    validateResource: validateResourceOfType(aws.lb.LoadBalancer, ({ internal }, _, report) => {
      if (internal !== true) report('Set internal: true.')
    }),
  },
  {
    name: 'no-ingress-from-anywhere',
    description: 'No security group lets in the whole internet.',
    validateResource: [
      validateResourceOfType(aws.ec2.SecurityGroup, ({ ingress = [] }, _, report) => {
        const open = ingress.some(
          (from) => anywhere(from.cidrBlocks) || anywhere(from.ipv6CidrBlocks),
        )
        if (open) report(FROM_ANYWHERE)
      }),
      validateResourceOfType(
        aws.ec2.SecurityGroupRule,
        ({ type, cidrBlocks, ipv6CidrBlocks }, _, report) => {
          if (type === 'ingress' && (anywhere(cidrBlocks) || anywhere(ipv6CidrBlocks)))
            report(FROM_ANYWHERE)
        },
      ),
      validateResourceOfType(
        aws.vpc.SecurityGroupIngressRule,
        ({ cidrIpv4, cidrIpv6 }, _, report) => {
          if (anywhere([cidrIpv4, cidrIpv6])) report(FROM_ANYWHERE)
        },
      ),
    ],
  },
  {
    name: 'api-asks-who',
    description: 'Every route of the API asks who is calling.',
    validateResource: validateResourceOfType(
      aws.apigatewayv2.Route,
      ({ authorizationType, authorizerId }, _, report) => {
        const asks =
          authorizationType === 'AWS_IAM' || (authorizationType === 'JWT' && authorizerId)
        if (!asks) report('Set authorizationType to AWS_IAM, or to JWT with an authorizerId.')
      },
    ),
  },
  {
    name: 'no-function-url',
    description: 'A Lambda function has no URL of its own, and anybody may not invoke it.',
    validateResource: [
      validateResourceOfType(aws.lambda.FunctionUrl, (_, __, report) => {
        report('The API is the one way in.')
      }),
      validateResourceOfType(
        aws.lambda.Permission,
        ({ principal, sourceArn, sourceAccount }, _, report) => {
          if (principal === '*') report('principal is *.')
          if (principal.endsWith('.amazonaws.com') && !sourceArn && !sourceAccount)
            report('Name the sourceArn: else the service calls for any account.')
        },
      ),
    ],
  },
  {
    name: 'resource-policy-not-public',
    description:
      'A policy of a bucket, topic, secret, key or repository lets nobody in without naming them.',
    validateResource: (args, report) => {
      const document: unknown = args.props['policy']
      if (document === undefined || !WITH_POLICY.some((type) => args.isType(type))) return
      if (parsePolicy(document).some(isOpen)) report('It allows Principal "*" without a Condition.')
    },
  },
]
