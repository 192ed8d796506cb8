/**
 * What the dashboard shows. Workers are found by searching, so that it shows whatever engines run and need not know
 * them. Pure.
 */
export interface DashboardArgs {
  stack: string
  region: string
  apiId: string
  apiStage: string
  /** of MSK; undefined elsewhere */
  clusterName: string | undefined
}

type Expression = readonly [search: string, label?: string]

interface Graph {
  title: string
  /** each search becomes a line for every metric that it finds */
  searches?: readonly Expression[]
  metrics?: readonly (readonly unknown[])[]
}

const WIDTH = 8
const HEIGHT = 6
const COLUMNS = 24 / WIDTH

export function dashboardBody({ stack, region, apiId, apiStage, clusterName }: DashboardArgs) {
  const own = (metric: string, statistic: string): Expression => [
    search(`{OrderUp,Stack,Worker} Stack="${stack}" MetricName="${metric}"`, statistic),
    `\${PROP('Dim.Worker')} ${statistic}`,
  ]
  const flink = (metric: string): Expression => [
    search(
      `{AWS/KinesisAnalytics,Application} "order-up-${stack}-flink" MetricName="${metric}"`,
      'Maximum',
    ),
  ]
  const kafka = (metric: string): Expression => [
    search(
      `{AWS/Kafka,"Cluster Name","Broker ID"} "Cluster Name"="${clusterName}" MetricName="${metric}"`,
      'Maximum',
    ),
  ]
  const api = (metric: string, stat: string) => [
    'AWS/ApiGateway',
    metric,
    'ApiId',
    apiId,
    'Stage',
    apiStage,
    { stat },
  ]
  const graphs: Graph[] = [
    { title: 'Lag, seconds', searches: [own('LagSeconds', 'Maximum')] },
    { title: 'Lag, records', searches: [own('LagRecords', 'Maximum')] },
    { title: 'Up', searches: [own('Up', 'Sum')] },
    { title: 'Applied events', searches: [own('Applied', 'Sum')] },
    {
      title: 'Raw to committed, seconds',
      searches: [own('RawToCommittedSeconds', 'p50'), own('RawToCommittedSeconds', 'p99')],
    },
    {
      title: 'Event to warehouse, seconds',
      searches: [own('EventToWarehouseSeconds', 'p50'), own('EventToWarehouseSeconds', 'p99')],
    },
    {
      title: 'Dead letters and duplicates',
      searches: [own('DeadLetters', 'Sum'), own('Duplicates', 'Sum')],
      metrics: [['OrderUp', 'RecentDeadLetters', 'Stack', stack, { stat: 'Maximum' }]],
    },
    {
      title: 'Restarts and failed MERGEs',
      searches: [own('Restarts', 'Sum'), own('MergeFailures', 'Sum')],
    },
    {
      title: 'Two engines: rows compared, differences',
      searches: [own('ComparedRows', 'Maximum'), own('Differences', 'Maximum')],
    },
    {
      title: 'Curated held back, seconds',
      metrics: [['OrderUp', 'CuratedHeldBack', 'Stack', stack, { stat: 'Maximum' }]],
    },
    {
      title: 'Ingest: requests and refusals',
      metrics: [api('Count', 'Sum'), api('4xx', 'Sum'), api('5xx', 'Sum')],
    },
    {
      title: 'Ingest: latency, milliseconds',
      metrics: [api('Latency', 'p50'), api('Latency', 'p99')],
    },
    { title: 'Ingested events', searches: [own('Accepted', 'Sum'), own('Rejected', 'Sum')] },
    { title: 'Flink: checkpoint, milliseconds', searches: [flink('lastCheckpointDuration')] },
    ...(clusterName === undefined
      ? []
      : [
          { title: 'Brokers: disk, %', searches: [kafka('KafkaDataLogsDiskUsed')] },
          { title: 'Brokers: CPU, %', searches: [kafka('CpuUser')] },
        ]),
  ]
  return { widgets: graphs.map((graph, i) => widget(graph, i, region)) }
}

const search = (query: string, statistic: string) => `SEARCH('${query}', '${statistic}', 60)`

const widget = ({ title, searches = [], metrics = [] }: Graph, index: number, region: string) => ({
  type: 'metric',
  x: (index % COLUMNS) * WIDTH,
  y: Math.floor(index / COLUMNS) * HEIGHT,
  width: WIDTH,
  height: HEIGHT,
  properties: {
    title,
    region,
    view: 'timeSeries',
    period: 60,
    metrics: [
      ...searches.map(([expression, label]) => [
        { expression, ...(label !== undefined && { label }) },
      ]),
      ...metrics,
    ],
  },
})
