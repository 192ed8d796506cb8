/** A violation of one rule of the policy pack, made in one registration of a real program. */
export interface Plant {
  rule: string
  /** which program: a key of policy.test.ts's PROGRAMS, or the bootstrap stage of prod */
  in: 'dev' | 'prod' | 'foreign' | 'functions' | 'bootstrap'
  /** the first registration of it is changed; where there is none, one is made */
  type: string
  /** inputs by path, as `rules.0.name`; undefined takes one away */
  set?: Readonly<Record<string, unknown>>
  protect?: boolean
  /** instead: nothing of this type is registered, which the one above then lacks */
  gone?: string
  /** how the message ends */
  says: string
}

const policy = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
const ANYBODY = policy({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' })
const container = (fields: object) => JSON.stringify([{ name: 'worker', ...fields }])
const LOGGED = { logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': 'group' } } }

const MSK = 'aws:msk/cluster:Cluster'
const MSK_CONFIGURATION = 'aws:msk/configuration:Configuration'
const MSK_TOPIC = 'aws:msk/topic:Topic'
const KAFKA_TOPIC = 'kafka:index/topic:Topic'
const DATABASE = 'aws:rds/instance:Instance'
const BUCKET = 'aws:s3/bucket:Bucket'
const BUCKET_ENCRYPTION =
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration'
const BUCKET_BLOCK = 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock'
const BUCKET_POLICY = 'aws:s3/bucketPolicy:BucketPolicy'
const LOG_GROUP = 'aws:cloudwatch/logGroup:LogGroup'
const REPOSITORY = 'aws:ecr/repository:Repository'
const FUNCTION = 'aws:lambda/function:Function'
const LISTENER = 'aws:lb/listener:Listener'
const SERVICE = 'aws:ecs/service:Service'
const TASK = 'aws:ecs/taskDefinition:TaskDefinition'
const ROUTE = 'aws:apigatewayv2/route:Route'
const ROLE = 'aws:iam/role:Role'
const ROLE_POLICY = 'aws:iam/rolePolicy:RolePolicy'
const PERMISSION = 'aws:lambda/permission:Permission'

const dev = (
  rule: string,
  type: string,
  set: Readonly<Record<string, unknown>>,
  says: string,
): Plant => ({ rule, in: 'dev', type, set, says })
const prod = (...plant: Parameters<typeof dev>): Plant => ({ ...dev(...plant), in: 'prod' })
const unprotected = (type: string, where: Plant['in'] = 'prod'): Plant => ({
  rule: 'protected-in-production',
  in: where,
  type,
  protect: false,
  says: 'Set protect: true.',
})
const lacking = (rule: string, gone: string, says: string): Plant => ({
  rule,
  in: 'dev',
  type: BUCKET,
  gone,
  says,
})

export const PLANTS: readonly Plant[] = [
  dev(
    'kafka-at-rest',
    MSK,
    { 'encryptionInfo.encryptionAtRestKmsKeyArn': undefined },
    'Set encryptionInfo.encryptionAtRestKmsKeyArn.',
  ),
  dev('database-at-rest', DATABASE, { storageEncrypted: false }, 'Set storageEncrypted: true.'),
  dev('database-at-rest', DATABASE, { kmsKeyId: undefined }, 'Set kmsKeyId.'),
  dev(
    'database-at-rest',
    DATABASE,
    { masterUserSecretKmsKeyId: undefined },
    'Set masterUserSecretKmsKeyId.',
  ),
  dev(
    'bucket-at-rest',
    BUCKET_ENCRYPTION,
    { 'rules.0.applyServerSideEncryptionByDefault.sseAlgorithm': 'AES256' },
    'Each rule needs aws:kms and a kmsMasterKeyId.',
  ),
  lacking(
    'bucket-at-rest',
    BUCKET_ENCRYPTION,
    'It has no BucketServerSideEncryptionConfiguration.',
  ),
  dev('log-group-at-rest', LOG_GROUP, { kmsKeyId: undefined }, 'Set kmsKeyId.'),
  dev(
    'secret-at-rest',
    'aws:secretsmanager/secret:Secret',
    { kmsKeyId: undefined },
    'Set kmsKeyId.',
  ),
  dev(
    'alarm-topic-at-rest',
    'aws:sns/topic:Topic',
    { kmsMasterKeyId: 'alias/aws/sns' },
    'Set kmsMasterKeyId.',
  ),
  {
    ...dev(
      'images-at-rest',
      REPOSITORY,
      { encryptionConfigurations: undefined },
      'Set encryptionConfigurations: [{encryptionType: KMS, kmsKey}].',
    ),
    in: 'bootstrap',
  },
  {
    ...dev(
      'images-at-rest',
      REPOSITORY,
      { imageTagMutability: 'MUTABLE' },
      'Set imageTagMutability: IMMUTABLE.',
    ),
    in: 'bootstrap',
  },
  dev('lambda-environment-at-rest', FUNCTION, { kmsKeyArn: undefined }, 'Set kmsKeyArn.'),
  {
    ...dev(
      'key-rotates',
      'aws:kms/key:Key',
      { enableKeyRotation: false },
      'Set enableKeyRotation: true.',
    ),
    in: 'bootstrap',
  },

  dev(
    'kafka-tls',
    MSK,
    { 'encryptionInfo.encryptionInTransit.clientBroker': 'TLS_PLAINTEXT' },
    'Set encryptionInfo.encryptionInTransit.clientBroker: TLS.',
  ),
  dev(
    'kafka-tls',
    MSK,
    { 'encryptionInfo.encryptionInTransit.inCluster': false },
    'Set encryptionInfo.encryptionInTransit.inCluster: true.',
  ),
  dev(
    'kafka-tls',
    MSK,
    { 'clientAuthentication.sasl.iam': false },
    'Set clientAuthentication.sasl.iam: true.',
  ),
  dev(
    'kafka-tls',
    MSK,
    { 'clientAuthentication.unauthenticated': true },
    'clientAuthentication.unauthenticated lets anybody in.',
  ),
  prod(
    'load-balancer-tls',
    LISTENER,
    { protocol: 'HTTP' },
    'protocol is HTTP: HTTPS, or a redirect to it.',
  ),
  prod(
    'load-balancer-tls',
    LISTENER,
    { sslPolicy: 'ELBSecurityPolicy-2016-08' },
    'sslPolicy is ELBSecurityPolicy-2016-08: take one of ELBSecurityPolicy-TLS13-….',
  ),
  dev(
    'database-tls',
    DATABASE,
    { parameterGroupName: undefined },
    'Set parameterGroupName, of a group with rds.force_ssl = 1.',
  ),
  dev(
    'database-tls',
    'aws:rds/parameterGroup:ParameterGroup',
    { parameters: [] },
    'Its parameters need rds.force_ssl = 1.',
  ),
  dev(
    'bucket-tls',
    BUCKET_POLICY,
    { policy: policy({ Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: '*' }) },
    'It needs a Deny of s3:* where aws:SecureTransport is false.',
  ),
  lacking('bucket-tls', BUCKET_POLICY, 'It has no BucketPolicy.'),

  dev(
    'bucket-not-public',
    BUCKET_BLOCK,
    { restrictPublicBuckets: false },
    'All four settings must be true.',
  ),
  lacking('bucket-not-public', BUCKET_BLOCK, 'It has no BucketPublicAccessBlock.'),
  dev(
    'database-not-public',
    DATABASE,
    { publiclyAccessible: true },
    'Set publiclyAccessible: false.',
  ),
  dev(
    'kafka-not-public',
    MSK,
    { 'brokerNodeGroupInfo.connectivityInfo': { publicAccess: { type: 'SERVICE_PROVIDED_EIPS' } } },
    'connectivityInfo.publicAccess.type is SERVICE_PROVIDED_EIPS.',
  ),
  dev(
    'tasks-not-public',
    SERVICE,
    { 'networkConfiguration.assignPublicIp': true },
    'Set networkConfiguration.assignPublicIp: false.',
  ),
  dev(
    'tasks-not-public',
    SERVICE,
    { enableExecuteCommand: true },
    'enableExecuteCommand opens a shell.',
  ),
  prod(
    'load-balancer-internal',
    'aws:lb/loadBalancer:LoadBalancer',
    { internal: false },
    'Set internal: true.',
  ),
  dev(
    'no-ingress-from-anywhere',
    'aws:ec2/securityGroup:SecurityGroup',
    { ingress: [{ protocol: '-1', fromPort: 0, toPort: 0, ipv6CidrBlocks: ['::/0'] }] },
    'name a security group or a range.',
  ),
  dev(
    'no-ingress-from-anywhere',
    'aws:ec2/securityGroupRule:SecurityGroupRule',
    { type: 'ingress', cidrBlocks: ['0.0.0.0/0'] },
    'name a security group or a range.',
  ),
  dev(
    'no-ingress-from-anywhere',
    'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
    { cidrIpv4: '0.0.0.0/0' },
    'name a security group or a range.',
  ),
  dev(
    'api-asks-who',
    ROUTE,
    { authorizationType: 'NONE' },
    'Set authorizationType to AWS_IAM, or to JWT with an authorizerId.',
  ),
  {
    ...dev(
      'api-asks-who',
      ROUTE,
      { authorizerId: undefined },
      'Set authorizationType to AWS_IAM, or to JWT with an authorizerId.',
    ),
    in: 'functions',
  },
  dev(
    'no-function-url',
    'aws:lambda/functionUrl:FunctionUrl',
    { authorizationType: 'AWS_IAM' },
    'The API is the one way in.',
  ),
  dev('no-function-url', PERMISSION, { principal: '*' }, 'principal is *.'),
  dev(
    'no-function-url',
    PERMISSION,
    { sourceArn: undefined },
    'Name the sourceArn: else the service calls for any account.',
  ),
  dev(
    'resource-policy-not-public',
    'aws:sns/topicPolicy:TopicPolicy',
    { policy: ANYBODY },
    'It allows Principal "*" without a Condition.',
  ),
  dev(
    'resource-policy-not-public',
    'aws:secretsmanager/secretPolicy:SecretPolicy',
    {
      policy: policy({
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      }),
    },
    'It allows Principal "*" without a Condition.',
  ),

  dev(
    'no-wildcard-on-wildcard',
    ROLE_POLICY,
    { policy: policy({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) },
    's3:* on *: name the actions, or the resources.',
  ),
  dev(
    'no-wildcard-on-wildcard',
    ROLE_POLICY,
    {
      policy: policy({
        Effect: 'Allow',
        Action: ['kafka-cluster:*'],
        Resource: ['arn:aws:kafka:eu-west-1:123456789012:topic/*'],
      }),
    },
    'name the actions, or the resources.',
  ),
  dev(
    'no-wildcard-on-wildcard',
    ROLE_POLICY,
    { policy: policy({ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::one' }) },
    '* on arn:aws:s3:::one: name the actions, or the resources.',
  ),
  dev(
    'no-wildcard-on-wildcard',
    ROLE_POLICY,
    { policy: policy({ Effect: 'Allow', NotAction: 'iam:*', Resource: 'arn:aws:s3:::one' }) },
    'It allows by NotAction, NotResource or NotPrincipal: name what is allowed.',
  ),
  dev(
    'no-wildcard-on-wildcard',
    'aws:iam/policy:Policy',
    { policy: policy({ Effect: 'Allow', Action: 'ecs:*', Resource: '*' }) },
    'name the actions, or the resources.',
  ),
  dev(
    'no-wildcard-on-wildcard',
    ROLE,
    { inlinePolicies: [{ policy: policy({ Effect: 'Allow', Action: 'ecs:*', Resource: '*' }) }] },
    'name the actions, or the resources.',
  ),
  dev(
    'roles-trust-somebody',
    ROLE,
    {
      assumeRolePolicy: policy({
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: 'sts:AssumeRole',
      }),
    },
    'Anybody may assume it.',
  ),
  dev(
    'no-broad-managed-policy',
    'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
    { policyArn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' },
    'arn:aws:iam::aws:policy/AmazonS3FullAccess grants too much.',
  ),
  dev(
    'no-broad-managed-policy',
    ROLE,
    { managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
    'too much.',
  ),
  dev('no-users', 'aws:iam/user:User', { name: 'deployer' }, 'Use a role.'),
  dev('no-users', 'aws:iam/accessKey:AccessKey', { user: 'deployer' }, 'Use a role.'),

  dev(
    'no-secret-in-environment',
    TASK,
    {
      containerDefinitions: container({
        ...LOGGED,
        environment: [{ name: 'KAFKA_PASSWORD', value: 'x' }],
      }),
    },
    'worker: KAFKA_PASSWORD belongs into secrets.',
  ),
  dev(
    'no-secret-in-environment',
    FUNCTION,
    { 'environment.variables.API_TOKEN': 'x' },
    "API_TOKEN: give it the secret's ARN.",
  ),
  dev(
    'no-secret-in-environment',
    'aws:kinesisanalyticsv2/application:Application',
    {
      'applicationConfiguration.environmentProperties': {
        propertyGroups: [{ propertyGroupId: 'x', propertyMap: { 'sasl.password': 'x' } }],
      },
    },
    "sasl.password: give it the secret's ARN.",
  ),
  dev(
    'no-secret-in-state',
    DATABASE,
    { password: 'x' },
    'Set manageMasterUserPassword: true, and no password.',
  ),
  dev(
    'no-secret-in-state',
    'aws:secretsmanager/secretVersion:SecretVersion',
    { secretString: 'x' },
    'Let the control function write it.',
  ),
  dev(
    'no-secret-in-state',
    'tls:index/privateKey:PrivateKey',
    { algorithm: 'RSA' },
    'Let the control function make it.',
  ),

  dev('log-retention', LOG_GROUP, { retentionInDays: 0 }, 'Set retentionInDays.'),
  dev('logs-to-own-group', FUNCTION, { loggingConfig: undefined }, 'Set loggingConfig.logGroup.'),
  dev(
    'logs-to-own-group',
    TASK,
    { containerDefinitions: container({}) },
    'worker: set awslogs-group to one of the stack.',
  ),
  dev(
    'access-logs',
    MSK,
    { 'loggingInfo.brokerLogs.cloudwatchLogs.enabled': false },
    'Set loggingInfo.brokerLogs.cloudwatchLogs.',
  ),
  dev(
    'access-logs',
    'aws:apigatewayv2/stage:Stage',
    { accessLogSettings: undefined },
    'Set accessLogSettings.',
  ),

  ...[
    MSK,
    MSK_TOPIC,
    DATABASE,
    BUCKET,
    'aws:secretsmanager/secret:Secret',
    'snowflake:index/database:Database',
    'snowflake:index/schema:Schema',
  ].map((type) => unprotected(type)),
  unprotected('aws:kms/key:Key', 'bootstrap'),
  unprotected(REPOSITORY, 'bootstrap'),
  {
    rule: 'foreign-topics-protected',
    in: 'foreign',
    type: KAFKA_TOPIC,
    protect: false,
    says: 'Set protect: true.',
  },
  prod(
    'replicas-in-production',
    MSK_TOPIC,
    { replicationFactor: 2 },
    'It has 2 replicas: at least 3.',
  ),
  prod(
    'replicas-in-production',
    MSK_TOPIC,
    { configs: '{"min.insync.replicas":"1"}' },
    'min.insync.replicas is 1: at least 2.',
  ),
  {
    ...dev(
      'replicas-in-production',
      KAFKA_TOPIC,
      { config: { 'min.insync.replicas': '1' } },
      'min.insync.replicas is 1: at least 2.',
    ),
    in: 'foreign',
  },
  prod(
    'replicas-in-production',
    MSK_CONFIGURATION,
    {
      serverProperties:
        'auto.create.topics.enable=false\nunclean.leader.election.enable=false\ndefault.replication.factor=3\nmin.insync.replicas=1',
    },
    'min.insync.replicas is 1: at least 2.',
  ),
  prod('replicas-in-production', MSK, { numberOfBrokerNodes: 2 }, 'It has 2 brokers: at least 3.'),
  dev(
    'broker-defaults-keep-data',
    MSK_CONFIGURATION,
    { serverProperties: 'auto.create.topics.enable=true\nunclean.leader.election.enable=false' },
    'Set auto.create.topics.enable=false.',
  ),
  prod(
    'database-kept-in-production',
    DATABASE,
    { backupRetentionPeriod: 1 },
    'Set backupRetentionPeriod: 7 or more.',
  ),
  prod(
    'database-kept-in-production',
    DATABASE,
    { deletionProtection: false },
    'Set deletionProtection: true.',
  ),
  prod(
    'database-kept-in-production',
    DATABASE,
    { skipFinalSnapshot: true },
    'Set skipFinalSnapshot: false.',
  ),
]
