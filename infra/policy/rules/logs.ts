import * as aws from '@pulumi/aws'
import { validateResourceOfType, type Policies } from '@pulumi/policy'

interface Container {
  name: string
  logConfiguration?: { logDriver: string; options?: Record<string, string> }
}

/** Whatever happens is written down, for as long as the tier says and no longer. */
export const logs: Policies = [
  {
    name: 'log-retention',
    description: 'Logs are kept for a time that somebody chose.',
    validateResource: validateResourceOfType(
      aws.cloudwatch.LogGroup,
      ({ retentionInDays }, _, report) => {
        if (!retentionInDays) report('Set retentionInDays.')
      },
    ),
  },
  {
    name: 'logs-to-own-group',
    description:
      'Functions and containers write to a log group of the stack, not to one that AWS makes.',
    validateResource: [
      validateResourceOfType(aws.lambda.Function, ({ loggingConfig }, _, report) => {
        if (!loggingConfig?.logGroup) report('Set loggingConfig.logGroup.')
      }),
      validateResourceOfType(aws.ecs.TaskDefinition, ({ containerDefinitions }, _, report) => {
        for (const { name, logConfiguration } of JSON.parse(containerDefinitions) as Container[]) {
          const { 'awslogs-group': group, 'awslogs-create-group': create } =
            logConfiguration?.options ?? {}
          if (!group || create === 'true') report(`${name}: set awslogs-group to one of the stack.`)
        }
      }),
    ],
  },
  {
    name: 'access-logs',
    description: 'Brokers and the API log.',
    validateResource: [
      validateResourceOfType(aws.msk.Cluster, ({ loggingInfo }, _, report) => {
        if (loggingInfo?.brokerLogs.cloudwatchLogs?.enabled !== true)
          report('Set loggingInfo.brokerLogs.cloudwatchLogs.')
      }),
      validateResourceOfType(aws.apigatewayv2.Stage, ({ accessLogSettings }, _, report) => {
        if (!accessLogSettings?.destinationArn) report('Set accessLogSettings.')
      }),
    ],
  },
]
