import * as aws from '@pulumi/aws'
import type { Input, Resource } from '@pulumi/pulumi'

/** One metric, as it stands in CloudWatch. */
export interface Metric {
  namespace: string
  name: string
  dimensions: Readonly<Record<string, Input<string>>>
  /** what is made of a period's values; p99 and the like too */
  statistic: string
}

interface Threshold {
  /** breached above, or below, this value */
  threshold: { above: number } | { below: number }
  /** so many periods have to breach, … */
  breaches: number
  /** … of so many; default: as many */
  periods?: number
  /** seconds; default 60 */
  periodS?: number
  /**
   * what silence means. breaching: whoever should speak does not. notBreaching: no news is good news, as of a counter
   * that is only written when there is something to count.
   */
  missing: 'breaching' | 'notBreaching'
}

export interface AlarmSpec extends Threshold {
  /** the alarm's section in RUNBOOK.md */
  title: string
  /** what it means, and what to do first: for somebody who was woken up by it */
  says: string
  /** a metric, or an expression over several by their ids */
  of: Metric | { expression: Input<string>; metrics?: Readonly<Record<string, Metric>> }
}

/** CloudWatch's own limit. */
const MAX_DESCRIPTION = 1_024

/** An alarm that tells a topic when it begins and when it ends. */
export function alarm(
  name: string,
  spec: AlarmSpec,
  topicArn: Input<string>,
  parent: Resource,
): aws.cloudwatch.MetricAlarm {
  const { title, says, threshold, breaches, periods = breaches, periodS = 60 } = spec
  const alarmDescription = `${title}. ${says} More: infra/RUNBOOK.md, "${title}".`
  if (alarmDescription.length > MAX_DESCRIPTION) throw new Error(`${name}: its text is too long`)
  return new aws.cloudwatch.MetricAlarm(
    name,
    {
      alarmDescription,
      ...watched(spec.of, periodS),
      ...('above' in threshold
        ? { comparisonOperator: 'GreaterThanThreshold', threshold: threshold.above }
        : { comparisonOperator: 'LessThanThreshold', threshold: threshold.below }),
      evaluationPeriods: periods,
      datapointsToAlarm: breaches,
      treatMissingData: spec.missing,
      alarmActions: [topicArn],
      okActions: [topicArn],
    },
    { parent },
  )
}

type Watched = Pick<
  aws.cloudwatch.MetricAlarmArgs,
  | 'namespace'
  | 'metricName'
  | 'dimensions'
  | 'statistic'
  | 'extendedStatistic'
  | 'period'
  | 'metricQueries'
>

function watched(of: AlarmSpec['of'], period: number): Watched {
  if ('namespace' in of) {
    const { namespace, name: metricName, dimensions, statistic } = of
    const isPercentile = /^p\d/.test(statistic)
    return {
      namespace,
      metricName,
      dimensions,
      period,
      ...(isPercentile ? { extendedStatistic: statistic } : { statistic }),
    }
  }
  const { expression, metrics = {} } = of
  const alone = Object.keys(metrics).length === 0 // a query of its own, which then has the period
  return {
    metricQueries: [
      { id: 'value', expression, returnData: true, ...(alone && { period }) },
      ...Object.entries(metrics).map(
        ([id, { namespace, name: metricName, dimensions, statistic }]) => ({
          id,
          metric: { namespace, metricName, dimensions, period, stat: statistic },
        }),
      ),
    ],
  }
}

/** Of the workers' own, by its deployment's id, or `sink`. */
export const ownMetric = (
  stack: string,
  worker: string,
  name: string,
  statistic: string,
): Metric => ({
  namespace: 'OrderUp',
  name,
  dimensions: { Stack: stack, Worker: worker },
  statistic,
})

/** That no task of an ECS service has run for five minutes: ECS measures while one runs, and only then. */
export const noTaskRuns = (
  clusterName: Input<string>,
  serviceName: Input<string>,
): Pick<AlarmSpec, 'of' | 'threshold' | 'breaches' | 'missing'> => ({
  of: {
    namespace: 'AWS/ECS',
    name: 'CPUUtilization',
    dimensions: { ClusterName: clusterName, ServiceName: serviceName },
    statistic: 'Maximum',
  },
  threshold: { below: 0 },
  breaches: 5,
  missing: 'breaching',
})
