import type { Registration } from '@order-up/infra/test/mocks.ts'

/**
 * What AWS is asked by Pulumi's provider when it makes a resource: a call with the resource's inputs, regrouped where
 * Terraform's schema (which Pulumi's is) groups them otherwise. Names stay in camel case; aws-models.py finds AWS's
 * spelling in botocore's model and complains about what is not there.
 */
export interface AwsCall {
  service: string
  operation: string
  params: object
}

// oxlint-disable-next-line typescript/no-explicit-any -- inputs of any resource, by hand
type Inputs = Record<string, any>
type Calls = (inputs: Inputs, name: string) => AwsCall | AwsCall[]

const call = (service: string, operation: string, params: object): AwsCall => ({
  service,
  operation,
  params,
})
/** The inputs are the parameters; what AWS names, Pulumi makes up. */
const plain =
  (service: string, operation: string, nameParam?: string): Calls =>
  (inputs, name) =>
    call(service, operation, { ...(nameParam && { [nameParam]: name }), ...inputs })
const drop = (inputs: Inputs, ...keys: string[]) =>
  Object.fromEntries(Object.entries(inputs).filter(([key]) => !keys.includes(key)))
const enabled = (value: boolean | undefined) => value !== undefined && { enabled: value }

const CALLS: Readonly<Record<string, Calls>> = {
  'aws:msk/cluster:Cluster': (inputs, name) => {
    const { clientAuthentication: clients, encryptionInfo: encryption, ...rest } = inputs
    const { encryptionAtRestKmsKeyArn: dataVolumeKMSKeyId, encryptionInTransit } = encryption
    return call('kafka', 'CreateCluster', {
      clusterName: name,
      ...rest,
      clientAuthentication: {
        sasl: { iam: enabled(clients.sasl.iam), scram: enabled(clients.sasl.scram) },
        unauthenticated: enabled(clients.unauthenticated),
      },
      encryptionInfo: { encryptionAtRest: { dataVolumeKMSKeyId }, encryptionInTransit },
    })
  },
  'aws:msk/configuration:Configuration': plain('kafka', 'CreateConfiguration', 'name'),
  'aws:msk/topic:Topic': ({ name, configs, ...rest }) =>
    call('kafka', 'CreateTopic', {
      topicName: name,
      // AWS takes it in base 64; a value that is no text would be refused by the broker
      configs: Buffer.from(JSON.stringify(onlyTexts(configs))).toString('base64'),
      ...rest,
    }),
  'aws:lambda/function:Function': ({ code: _, reservedConcurrentExecutions, ...rest }, name) => [
    call('lambda', 'CreateFunction', { functionName: name, code: { zipFile: 'x' }, ...rest }),
    call('lambda', 'PutFunctionConcurrency', { functionName: name, reservedConcurrentExecutions }),
  ],
  'aws:lambda/eventSourceMapping:EventSourceMapping': plain('lambda', 'CreateEventSourceMapping'),
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': plain(
    'lambda',
    'PutFunctionEventInvokeConfig',
  ),
  'aws:lambda/permission:Permission': ({ function: functionName, ...rest }, statementId) =>
    call('lambda', 'AddPermission', { functionName, statementId, ...rest }),
  'aws:ecs/cluster:Cluster': plain('ecs', 'CreateCluster', 'clusterName'),
  'aws:ecs/clusterCapacityProviders:ClusterCapacityProviders': ({ clusterName, ...rest }) =>
    call('ecs', 'PutClusterCapacityProviders', {
      cluster: clusterName,
      defaultCapacityProviderStrategy: [],
      ...rest,
    }),
  'aws:ecs/taskDefinition:TaskDefinition': ({ containerDefinitions, ...rest }) =>
    call('ecs', 'RegisterTaskDefinition', {
      containerDefinitions: JSON.parse(containerDefinitions) as object[],
      ...rest,
    }),
  'aws:ecs/service:Service': (inputs, name) => {
    const {
      waitForSteadyState: _,
      deploymentCircuitBreaker,
      deploymentMaximumPercent: maximumPercent,
      deploymentMinimumHealthyPercent: minimumHealthyPercent,
      networkConfiguration: { assignPublicIp, ...network },
      enableEcsManagedTags,
      serviceRegistries,
      ...rest
    } = inputs
    return call('ecs', 'CreateService', {
      serviceName: name,
      ...rest,
      enableECSManagedTags: enableEcsManagedTags,
      ...(serviceRegistries && { serviceRegistries: [serviceRegistries] }),
      deploymentConfiguration: { deploymentCircuitBreaker, maximumPercent, minimumHealthyPercent },
      networkConfiguration: {
        awsvpcConfiguration: {
          assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED',
          ...network,
        },
      },
    })
  },
  'aws:kinesisanalyticsv2/application:Application': (inputs, name) => {
    const {
      startApplication: _started,
      forceStop: _forced,
      description: applicationDescription,
      cloudwatchLoggingOptions,
      applicationConfiguration: { vpcConfiguration, environmentProperties, ...configuration },
      ...rest
    } = inputs
    const { s3ContentLocation } = configuration.applicationCodeConfiguration.codeContent
    const { bucketArn: bucketARN, ...location } = s3ContentLocation
    return call('kinesisanalyticsv2', 'CreateApplication', {
      applicationName: name,
      applicationDescription,
      ...rest,
      cloudWatchLoggingOptions: [cloudwatchLoggingOptions],
      applicationConfiguration: {
        ...configuration,
        applicationCodeConfiguration: {
          codeContentType: configuration.applicationCodeConfiguration.codeContentType,
          codeContent: { s3ContentLocation: { bucketARN, ...location } },
        },
        vpcConfigurations: [vpcConfiguration],
        environmentProperties,
      },
    })
  },
  'aws:rds/instance:Instance': (inputs, name) => {
    const { dbName, username, parameterGroupName, instanceClass, ...rest } = inputs
    return call('rds', 'CreateDBInstance', {
      dbInstanceIdentifier: name,
      dbName,
      masterUsername: username,
      dbParameterGroupName: parameterGroupName,
      dbInstanceClass: instanceClass,
      // of its deletion
      ...drop(rest, 'skipFinalSnapshot', 'finalSnapshotIdentifier', 'deleteAutomatedBackups'),
    })
  },
  'aws:rds/parameterGroup:ParameterGroup': ({ family, description, parameters }, name) => [
    call('rds', 'CreateDBParameterGroup', {
      dbParameterGroupName: name,
      dbParameterGroupFamily: family,
      description,
    }),
    call('rds', 'ModifyDBParameterGroup', {
      dbParameterGroupName: name,
      parameters: (parameters as { name: string; value: string; applyMethod?: string }[]).map(
        ({ name: parameterName, value: parameterValue, applyMethod = 'immediate' }) => ({
          parameterName,
          parameterValue,
          applyMethod,
        }),
      ),
    }),
  ],
  'aws:rds/subnetGroup:SubnetGroup': ({ description, subnetIds }, name) =>
    call('rds', 'CreateDBSubnetGroup', {
      dbSubnetGroupName: name,
      dbSubnetGroupDescription: description,
      subnetIds,
    }),
  'aws:apigatewayv2/api:Api': plain('apigatewayv2', 'CreateApi', 'name'),
  'aws:apigatewayv2/authorizer:Authorizer': (
    { identitySources: identitySource, jwtConfiguration: { audiences: audience, issuer }, ...rest },
    name,
  ) =>
    call('apigatewayv2', 'CreateAuthorizer', {
      name,
      identitySource,
      jwtConfiguration: { audience, issuer },
      ...rest,
    }),
  'aws:apigatewayv2/integration:Integration': ({ timeoutMilliseconds: timeoutInMillis, ...rest }) =>
    call('apigatewayv2', 'CreateIntegration', { timeoutInMillis, ...rest }),
  'aws:apigatewayv2/route:Route': plain('apigatewayv2', 'CreateRoute'),
  'aws:apigatewayv2/stage:Stage': ({ name: stageName, ...rest }) =>
    call('apigatewayv2', 'CreateStage', { stageName, ...rest }),
  'aws:s3/bucket:Bucket': ({ forceDestroy: _, ...rest }, bucket) =>
    call('s3', 'CreateBucket', { bucket, ...rest }),
  'aws:s3/bucketVersioning:BucketVersioning': plain('s3', 'PutBucketVersioning'),
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': ({
    bucket,
    rules,
  }) =>
    call('s3', 'PutBucketEncryption', {
      bucket,
      serverSideEncryptionConfiguration: {
        rules: (rules as Inputs[]).map(({ applyServerSideEncryptionByDefault: by, ...rest }) => ({
          ...rest,
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: by.sseAlgorithm as unknown,
            kmsMasterKeyID: by.kmsMasterKeyId as unknown,
          },
        })),
      },
    }),
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': ({ bucket, ...rest }) =>
    call('s3', 'PutPublicAccessBlock', { bucket, publicAccessBlockConfiguration: rest }),
  'aws:s3/bucketOwnershipControls:BucketOwnershipControls': ({ bucket, rule }) =>
    call('s3', 'PutBucketOwnershipControls', { bucket, ownershipControls: { rules: [rule] } }),
  'aws:s3/bucketPolicy:BucketPolicy': plain('s3', 'PutBucketPolicy'),
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': ({ bucket, rules }) =>
    call('s3', 'PutBucketLifecycleConfiguration', { bucket, lifecycleConfiguration: { rules } }),
  'aws:s3/bucketObjectv2:BucketObjectv2': ({ source: _, kmsKeyId: ssekmsKeyId, ...rest }) =>
    call('s3', 'PutObject', { ssekmsKeyId, ...rest }),
  'aws:cloudwatch/logGroup:LogGroup': ({ kmsKeyId, retentionInDays }, logGroupName) => [
    call('logs', 'CreateLogGroup', { logGroupName, kmsKeyId }),
    call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays }),
  ],
  'aws:cloudwatch/logStream:LogStream': plain('logs', 'CreateLogStream', 'logStreamName'),
  'aws:cloudwatch/metricAlarm:MetricAlarm': (inputs, name) => {
    const { alarmActions, okActions, metricQueries, dimensions, name: alarmName, ...rest } = inputs
    return call('cloudwatch', 'PutMetricAlarm', {
      alarmName: alarmName ?? name,
      alarmActions,
      okActions,
      ...rest,
      ...(dimensions && { dimensions: pairs(dimensions) }),
      ...(metricQueries && { metrics: (metricQueries as Inputs[]).map(metricQuery) }),
    })
  },
  'aws:cloudwatch/dashboard:Dashboard': plain('cloudwatch', 'PutDashboard'),
  'aws:scheduler/schedule:Schedule': plain('scheduler', 'CreateSchedule', 'name'),
  'aws:secretsmanager/secret:Secret': ({ recoveryWindowInDays, ...rest }, name) => [
    call('secretsmanager', 'CreateSecret', { name, ...rest }),
    call('secretsmanager', 'DeleteSecret', { secretId: name, recoveryWindowInDays }),
  ],
  'aws:sns/topic:Topic': (attributes, name) => call('sns', 'CreateTopic', { name, attributes }),
  'aws:sns/topicPolicy:TopicPolicy': ({ arn: topicArn, policy: attributeValue }) =>
    call('sns', 'SetTopicAttributes', { topicArn, attributeName: 'Policy', attributeValue }),
  'aws:sns/topicSubscription:TopicSubscription': ({ topic: topicArn, ...rest }) =>
    call('sns', 'Subscribe', { topicArn, ...rest }),
  'aws:ecr/repository:Repository': ({ encryptionConfigurations, name, ...rest }) =>
    call('ecr', 'CreateRepository', {
      repositoryName: name,
      encryptionConfiguration: (encryptionConfigurations as object[])[0],
      ...rest,
    }),
  'aws:ecr/lifecyclePolicy:LifecyclePolicy': ({ repository: repositoryName, policy }) =>
    call('ecr', 'PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: policy }),
  'aws:kms/key:Key': ({ policy, description, deletionWindowInDays }) => [
    call('kms', 'CreateKey', { policy, description }),
    call('kms', 'ScheduleKeyDeletion', {
      keyId: 'key',
      pendingWindowInDays: deletionWindowInDays,
    }),
  ],
  'aws:iam/role:Role': ({ assumeRolePolicy: assumeRolePolicyDocument, ...rest }, roleName) =>
    call('iam', 'CreateRole', { roleName, assumeRolePolicyDocument, ...rest }),
  'aws:iam/rolePolicy:RolePolicy': ({ role: roleName, policy }, policyName) =>
    call('iam', 'PutRolePolicy', { roleName, policyName, policyDocument: policy }),
  'aws:lb/loadBalancer:LoadBalancer': (inputs, name) => {
    const { internal, loadBalancerType: type, ...rest } = inputs
    return call('elbv2', 'CreateLoadBalancer', {
      name,
      type,
      scheme: internal ? 'internal' : 'internet-facing',
      ...drop(rest, 'dropInvalidHeaderFields', 'enableDeletionProtection'),
    })
  },
  'aws:lb/listener:Listener': ({ certificateArn, ...rest }) =>
    call('elbv2', 'CreateListener', {
      ...(certificateArn && { certificates: [{ certificateArn: certificateArn as unknown }] }),
      ...rest,
    }),
  'aws:lb/targetGroup:TargetGroup': ({ healthCheck, deregistrationDelay: _, ...rest }, name) =>
    call('elbv2', 'CreateTargetGroup', {
      name,
      healthCheckPath: healthCheck.path as unknown,
      healthCheckIntervalSeconds: healthCheck.interval as unknown,
      matcher: { httpCode: healthCheck.matcher as unknown },
      ...rest,
    }),
  'aws:appautoscaling/target:Target': plain('application-autoscaling', 'RegisterScalableTarget'),
  'aws:appautoscaling/policy:Policy': plain(
    'application-autoscaling',
    'PutScalingPolicy',
    'policyName',
  ),
  'aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace': plain(
    'servicediscovery',
    'CreatePrivateDnsNamespace',
  ),
  'aws:servicediscovery/service:Service': plain('servicediscovery', 'CreateService'),
}

/** Small parts of a network, named as in EC2's API; their rules are checked by the network's own tests. */
export const UNCHECKED: readonly RegExp[] = [
  /^aws:ec2\//,
  /^aws:vpc\//,
  /^aws:route53\//,
  /^aws:kms\/alias/,
]

/** @returns undefined where nothing is known about the type */
export function callsOf({ type, name, inputs }: Registration): AwsCall[] | undefined {
  return CALLS[type] && [CALLS[type](inputs, name)].flat()
}

function onlyTexts(configs: string): unknown {
  const settings = JSON.parse(configs) as Record<string, unknown>
  const wrong = Object.entries(settings).filter(([, value]) => typeof value !== 'string')
  if (wrong.length > 0) throw new Error(`configs of a topic are texts: ${JSON.stringify(wrong)}`)
  return settings
}

const pairs = (dimensions: Readonly<Record<string, unknown>>) =>
  Object.entries(dimensions).map(([name, value]) => ({ name, value }))

const metricQuery = ({ metric, ...rest }: Inputs) => {
  if (!metric) return rest
  const { dimensions, metricName, namespace, ...stat } = metric
  const measured = { metricName, namespace, ...(dimensions && { dimensions: pairs(dimensions) }) }
  return { ...rest, metricStat: { metric: measured, ...stat } }
}
