/** Whose key it is. */
export interface KeyHome {
  accountId: string
  region: string
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | string[]>>>>

interface KeyStatement {
  Sid: string
  Effect: 'Allow'
  Principal: { AWS: string } | { Service: string }
  Action: string[]
  /** in a key's policy: this key */
  Resource: '*'
  Condition?: Condition
}

const ENCRYPT = ['kms:Decrypt', 'kms:GenerateDataKey']

/**
 * The key's policy: the account's IAM decides (workers' roles name the key in their own policies), and those services
 * that use a key in their own name may, each for this account's Order-Up things only.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html (logs),
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (alarms),
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-storage-encryption.html (disks of tasks),
 * https://docs.aws.amazon.com/managed-flink/latest/java/manage-cmk-api.html (Flink)
 */
export function keyPolicy({ accountId, region }: KeyHome) {
  const flink = `arn:aws:kinesisanalytics:${region}:${accountId}:application/order-up-*`
  const ofFlink = (also: Condition['StringEquals'] = {}): Condition => ({
    StringLike: {
      'aws:SourceArn': flink,
      'kms:EncryptionContext:aws:kinesisanalytics:arn': flink,
    },
    StringEquals: { 'aws:SourceAccount': accountId, ...also },
  })
  const ofFargate: Condition = {
    StringEquals: { 'kms:EncryptionContext:aws:ecs:clusterAccount': accountId },
  }
  const statements: KeyStatement[] = [
    {
      Sid: 'Account',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Action: ['kms:*'],
      Resource: '*',
    },
    {
      Sid: 'LogGroups',
      Effect: 'Allow',
      Principal: { Service: `logs.${region}.amazonaws.com` },
      Action: [
        'kms:Encrypt*',
        'kms:Decrypt*',
        'kms:ReEncrypt*',
        'kms:GenerateDataKey*',
        'kms:Describe*',
      ],
      Resource: '*',
      Condition: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${accountId}:log-group:*`,
        },
      },
    },
    {
      Sid: 'AlarmsToTopic',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ENCRYPT,
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
    {
      Sid: 'FargateDisks',
      Effect: 'Allow',
      Principal: { Service: 'fargate.amazonaws.com' },
      Action: ['kms:GenerateDataKeyWithoutPlaintext'],
      Resource: '*',
      Condition: ofFargate,
    },
    {
      Sid: 'FargateDisksGrant',
      Effect: 'Allow',
      Principal: { Service: 'fargate.amazonaws.com' },
      Action: ['kms:CreateGrant'],
      Resource: '*',
      Condition: {
        ...ofFargate,
        'ForAllValues:StringEquals': { 'kms:GrantOperations': 'Decrypt' },
      },
    },
    {
      Sid: 'FlinkDescribes',
      Effect: 'Allow',
      Principal: { Service: 'kinesisanalytics.amazonaws.com' },
      Action: ['kms:DescribeKey'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
    {
      Sid: 'FlinkEncrypts',
      Effect: 'Allow',
      Principal: { Service: 'kinesisanalytics.amazonaws.com' },
      Action: ENCRYPT,
      Resource: '*',
      Condition: ofFlink(),
    },
    {
      Sid: 'FlinkVolumesDescribe',
      Effect: 'Allow',
      Principal: { Service: 'infrastructure.kinesisanalytics.amazonaws.com' },
      Action: ['kms:DescribeKey'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
    {
      Sid: 'FlinkVolumesEncrypt',
      Effect: 'Allow',
      Principal: { Service: 'infrastructure.kinesisanalytics.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext'],
      Resource: '*',
      Condition: ofFlink(),
    },
    {
      Sid: 'FlinkVolumesGrant',
      Effect: 'Allow',
      Principal: { Service: 'infrastructure.kinesisanalytics.amazonaws.com' },
      Action: ['kms:CreateGrant'],
      Resource: '*',
      Condition: {
        ...ofFlink({ 'kms:GrantConstraintType': 'EncryptionContextSubset' }),
        'ForAllValues:StringEquals': { 'kms:GrantOperations': 'Decrypt' },
      },
    },
  ]
  return { Version: '2012-10-17', Statement: statements }
}
