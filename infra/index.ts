import * as pulumi from '@pulumi/pulumi'
import { after } from './components/after.ts'
import { ControlFunction } from './components/control-function.ts'
import { EngineAlarms } from './components/engine-alarms.ts'
import { Engine } from './components/engine.ts'
import { KeySecrets } from './components/key-secrets.ts'
import { Observability } from './components/observability.ts'
import { Parity } from './components/parity.ts'
import { Producer } from './components/producer.ts'
import { EngineShares } from './components/shares.ts'
import { Sink } from './components/sink.ts'
import { StateBucket } from './components/state-bucket.ts'
import { Subjects } from './components/subjects.ts'
import { Warehouse } from './components/warehouse.ts'
import { parseSettings } from './config.ts'
import { platform } from './platform.ts'

const settings = parseSettings(pulumi.getStack(), pulumi.runtime.allConfig())
const { runtime, topics, registry, alarmTopic, watched } = platform(settings)
const alarmTopicArn = alarmTopic.arn

const state = new StateBucket('state', { runtime })
const keys = new KeySecrets('key', { runtime, generation: settings.warehouse.keyGeneration })
const control = new ControlFunction('control', { runtime, state, keys }, after(topics))
const { functionName } = control
const subjects = new Subjects(
  'subjects',
  { functionName, region: settings.region },
  after(registry, control),
)
const agreed = after(topics, subjects)

// the two ends, the same whichever engine runs
const producer = new Producer('producer', { runtime, settings }, agreed)
const warehouse = new Warehouse('warehouse', { settings, keys, control }, after(control))
const sink = new Sink('sink', { runtime, settings, warehouse }, agreed)
const { dashboardName } = new Observability('observability', {
  runtime,
  alarmTopicArn,
  controlFunctionName: functionName,
  producer,
  sink: { kind: settings.sink, physicalName: sink.physicalName },
  ...watched,
})

// between them: all that depends on engine, shadow and split
const engines = settings.deployments.running.map(
  (deployment) => new Engine({ runtime, deployment, settings, state }, agreed),
)
const [owner, second] = engines
if (owner && second)
  new Parity(
    'parity',
    { runtime, settings, engines: [owner, second], state, alarmTopicArn },
    agreed,
  )
new EngineShares('shares', { functionName, settings, engines })
for (const { deployment, physicalName } of engines)
  new EngineAlarms(`alarms-${deployment}`, { runtime, deployment, physicalName, alarmTopicArn })

export const { url: ingestUrl, invokeArn: ingestArn } = producer
export const { registryUrl } = runtime
export const { brokers } = runtime.kafka
export const topicNames = topics.names
export const { table } = warehouse
/** the comparer's newest answer on two engines lies below it, as <a>_<b>.json */
export const verdicts = state.verdictsUrl
export const dashboard = dashboardName
export const alarms = alarmTopicArn
/** what a person would run next */
export const next = {
  send: pulumi.interpolate`awscurl --service execute-api --region ${settings.region} -X POST ${producer.url} -d @event.json`,
  epoch: pulumi.interpolate`aws lambda invoke --region ${settings.region} --function-name ${functionName} --cli-binary-format raw-in-base64-out --payload '{"action":"shares"}' /dev/stdout`,
  sinkLog: pulumi.interpolate`aws logs tail ${sink.logGroupName} --follow --region ${settings.region}`,
  engineLogs: engines.map(
    ({ logGroupName }) =>
      pulumi.interpolate`aws logs tail ${logGroupName} --follow --region ${settings.region}`,
  ),
}
