// Creates topics, subjects and epoch 1 on servers that run already (local/docker-compose.yml), and ends.
import {
  createLog,
  createRegistry,
  describe,
  KafkaConfig,
  LogLevel,
  parseConfig,
  waitForRegistry,
} from '@order-up/kit'
import { RAW_SUBJECT } from '@order-up/schemas'
import { z } from 'zod'
import { deploy } from './deploy.ts'

const Config = KafkaConfig.extend({
  PARTITIONS: z.coerce.number().int().min(1).default(4),
  REGISTRY_DEADLINE_MS: z.coerce.number().int().min(1).default(120_000),
  LOG_LEVEL: LogLevel,
})

try {
  const config = parseConfig(Config, process.env)
  const log = createLog('deploy', config.LOG_LEVEL)
  const { SCHEMA_REGISTRY_URL, REGISTRY_DEADLINE_MS, PARTITIONS } = config
  const registry = createRegistry(SCHEMA_REGISTRY_URL)
  await waitForRegistry(() => registry.subjectIds(RAW_SUBJECT), {
    signal: AbortSignal.timeout(REGISTRY_DEADLINE_MS),
    onWait: (why) => log.info(why),
  })
  for (const line of await deploy(config, { partitions: PARTITIONS, log })) log.warn(line)
} catch (error) {
  console.error(describe(error))
  process.exitCode = 1
}
