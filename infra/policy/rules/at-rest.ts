import * as aws from '@pulumi/aws'
import { validateResourceOfType, type Policies } from '@pulumi/policy'
import { without } from '../stack.ts'

/** Whatever keeps something keeps it encrypted by a key of the account's own. */
export const atRest: Policies = [
  {
    name: 'kafka-at-rest',
    description: "Kafka's disks are encrypted by a key of our own.",
    validateResource: validateResourceOfType(aws.msk.Cluster, (cluster, _, report) => {
      if (!cluster.encryptionInfo?.encryptionAtRestKmsKeyArn)
        report('Set encryptionInfo.encryptionAtRestKmsKeyArn.')
    }),
  },
  {
    name: 'database-at-rest',
    description:
      'A database is encrypted by a key of our own, and so is the password that RDS makes.',
    validateResource: validateResourceOfType(aws.rds.Instance, (database, _, report) => {
      if (database.storageEncrypted !== true) report('Set storageEncrypted: true.')
      if (!database.kmsKeyId) report('Set kmsKeyId.')
      if (!database.masterUserSecretKmsKeyId) report('Set masterUserSecretKmsKeyId.')
    }),
  },
  {
    name: 'bucket-at-rest',
    description: 'A bucket encrypts by a key of our own.',
    validateResource: validateResourceOfType(
      aws.s3.BucketServerSideEncryptionConfiguration,
      ({ rules }, _, report) => {
        const byKey = rules.every(({ applyServerSideEncryptionByDefault: by }) =>
          Boolean(by?.sseAlgorithm.startsWith('aws:kms') && by.kmsMasterKeyId),
        )
        if (rules.length === 0 || !byKey) report('Each rule needs aws:kms and a kmsMasterKeyId.')
      },
    ),
    validateStack: ({ resources }, report) => {
      const encryption = aws.s3.BucketServerSideEncryptionConfiguration
      for (const bucket of without(resources, aws.s3.Bucket, encryption))
        report('It has no BucketServerSideEncryptionConfiguration.', bucket.urn)
    },
  },
  {
    name: 'log-group-at-rest',
    description: 'A log group is encrypted by a key of our own.',
    validateResource: validateResourceOfType(aws.cloudwatch.LogGroup, ({ kmsKeyId }, _, report) => {
      if (!kmsKeyId) report('Set kmsKeyId.')
    }),
  },
  {
    name: 'secret-at-rest',
    description: 'A secret is encrypted by a key of our own.',
    validateResource: validateResourceOfType(
      aws.secretsmanager.Secret,
      ({ kmsKeyId }, _, report) => {
        if (!kmsKeyId) report('Set kmsKeyId.')
      },
    ),
  },
  {
    name: 'alarm-topic-at-rest',
    description: 'An SNS topic is encrypted by a key of our own.',
    validateResource: validateResourceOfType(aws.sns.Topic, ({ kmsMasterKeyId }, _, report) => {
      if (!kmsMasterKeyId || kmsMasterKeyId === 'alias/aws/sns') report('Set kmsMasterKeyId.')
    }),
  },
  {
    name: 'images-at-rest',
    description:
      'Images are encrypted by a key of our own, and a tag, once pushed, stays what it is.',
    validateResource: validateResourceOfType(aws.ecr.Repository, (repository, _, report) => {
      const encryptions = repository.encryptionConfigurations ?? []
      if (!encryptions.some(({ encryptionType, kmsKey }) => encryptionType === 'KMS' && kmsKey))
        report('Set encryptionConfigurations: [{encryptionType: KMS, kmsKey}].')
      if (repository.imageTagMutability !== 'IMMUTABLE')
        report('Set imageTagMutability: IMMUTABLE.')
    }),
  },
  {
    name: 'lambda-environment-at-rest',
    description: "A Lambda function's environment is encrypted by a key of our own.",
    validateResource: validateResourceOfType(aws.lambda.Function, (lambda, _, report) => {
      if (lambda.environment && !lambda.kmsKeyArn) report('Set kmsKeyArn.')
    }),
  },
  {
    name: 'key-rotates',
    description: 'A key of our own is renewed each year.',
    validateResource: validateResourceOfType(aws.kms.Key, ({ enableKeyRotation }, _, report) => {
      if (enableKeyRotation !== true) report('Set enableKeyRotation: true.')
    }),
  },
]
