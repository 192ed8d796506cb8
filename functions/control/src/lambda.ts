import {
  createKafka,
  createLog,
  KafkaConfig,
  LogLevel,
  parseConfig,
  withSecrets,
} from '@order-up/kit'
import { z } from 'zod'
import { answerTo } from './handler.ts'

const Config = KafkaConfig.extend({
  LOG_LEVEL: LogLevel,
  /** the stack's name: the dimension Stack of what the probe measures */
  STACK: z.string().min(1),
  /** where the services run that a proof is about */
  ECS_CLUSTER: z.string().min(1).optional(),
  /** the comparer's verdicts: a folder, or s3://bucket/prefix */
  VERDICTS_URL: z.string().min(1).optional(),
})

const config = parseConfig(Config, await withSecrets(process.env))
const log = createLog('control', config.LOG_LEVEL)

/** The Lambda's entry point: a ControlEvent in, its answer or an ErrorAnswer out. */
export const handler = answerTo({
  kafka: createKafka(config, 'order-up.control', log),
  registryUrl: config.SCHEMA_REGISTRY_URL,
  ecsCluster: config.ECS_CLUSTER,
  verdictsUrl: config.VERDICTS_URL,
  stack: config.STACK,
  log,
})
