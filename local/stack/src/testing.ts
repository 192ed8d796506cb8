import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeploymentId } from '@order-up/control'
import { createTopics, writeFirstShares } from '@order-up/control/operations'
import { createKafka, KafkaConfig, parseConfig, silentLog } from '@order-up/kit'
import { brokerChild } from './broker.ts'
import { FIRST_DEPLOYMENT } from './deploy.ts'
import { provideParts } from './parts.ts'
import { freePort } from './ports.ts'
import { startStack, type Stack } from './stack.ts'
import { createSupervisor } from './supervisor.ts'

export { claimDataDir, type Claim } from './data-dir.ts'
export { freePort } from './ports.ts'
export {
  startEngine,
  startWorker,
  type EngineOptions,
  type EngineProcess,
  type WorkerProcess,
} from './worker-process.ts'

export interface TestStackOptions {
  /** default 4 */
  partitions?: number
  /** default true; without it the start takes about half as long, and nothing answers at `registryUrl` */
  registry?: boolean
  /** of everything by epoch 1; default node-1 */
  owner?: DeploymentId
}

/** A stack of its own for one test file. Stopping it deletes its data. */
export interface TestStack extends Stack, AsyncDisposable {
  dataDir: string
}

/** nothing listens on the discard port */
const NO_REGISTRY = 'http://127.0.0.1:9/apis/ccompat/v7'

/** Starts a broker (and a registry) on free ports, with all topics, subjects and epoch 1, in a temporary folder. */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const { partitions = 4, registry = true, owner = FIRST_DEPLOYMENT } = options
  const dataDir = await mkdtemp(join(tmpdir(), 'order-up-test-'))
  const remove = () => rm(dataDir, { recursive: true, force: true })
  try {
    const stack = registry
      ? await startStack({
          dataDir,
          kafkaPort: await freePort(),
          registryPort: await freePort(),
          partitions,
          owner,
          env: process.env,
          onProgress: console.error,
        })
      : await startBroker(dataDir, partitions, owner)
    const stop = async () => {
      await stack.stop()
      await remove()
    }
    return { ...stack, dataDir, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Runs `test` with a stack of its own and stops that afterwards, whatever happens. */
export async function withTestStack(
  options: TestStackOptions,
  test: (stack: TestStack) => Promise<void>,
): Promise<void> {
  await using stack = await startTestStack(options)
  await test(stack)
}

async function startBroker(
  dataDir: string,
  partitions: number,
  owner: DeploymentId,
): Promise<Stack> {
  const supervisor = createSupervisor({ logs: join(dataDir, 'logs'), env: process.env })
  const stop = () => supervisor.stopAll()
  try {
    const port = await freePort()
    const brokers = `127.0.0.1:${port}`
    const kafkaConfig = { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: NO_REGISTRY }
    const parts = await provideParts({
      env: process.env,
      onProgress: console.error,
      signal: new AbortController().signal,
    })
    await supervisor.start(brokerChild({ parts, folder: join(dataDir, 'kafka'), port }))
    const config = parseConfig(KafkaConfig, kafkaConfig)
    const kafka = createKafka(config, 'order-up.test', silentLog())
    await createTopics(kafka, partitions)
    await writeFirstShares(kafka, owner)
    const showEngines = () => {} // there is no run.json
    return { brokers, registryUrl: NO_REGISTRY, kafkaConfig, supervisor, showEngines, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
