import { join, resolve } from 'node:path'
import type { DeploymentId } from '@order-up/control'
import { KafkaConfig, messageOf, parseConfig, silentLog } from '@order-up/kit'
import { brokerChild } from './broker.ts'
import { claimDataDir, type Run } from './data-dir.ts'
import { deploy, FIRST_DEPLOYMENT } from './deploy.ts'
import { provideParts } from './parts.ts'
import { assertFree } from './ports.ts'
import type { Env } from './prerequisites.ts'
import { registryChild, registryUrl } from './registry.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

export interface StackOptions {
  /** where everything is kept; one stack at a time */
  dataDir: string
  /** default 9092 */
  kafkaPort?: number
  /** default 8081 */
  registryPort?: number
  /** of topics that do not exist yet; default 4 */
  partitions?: number
  /** of everything, where no epoch was written yet; default node-1 */
  owner?: DeploymentId
  /** the environment: where tools are looked for, and what the children get */
  env: Env
  /** lines for the user: downloads, and what differs from what it should be */
  onProgress?: (line: string) => void
  /** gives up the start, or stops what runs, as `stop()` does; a worker that was about to be ready is then given up */
  signal?: AbortSignal
}

export interface Stack {
  /** host:port */
  brokers: string
  registryUrl: string
  /** what a worker needs in its environment to reach both */
  kafkaConfig: { KAFKA_BROKERS: string; SCHEMA_REGISTRY_URL: string }
  /** runs the broker, the registry, and what the caller starts beside them */
  supervisor: Supervisor
  /** what run.json says of the engines from now on */
  showEngines(shown: Pick<Run, 'engines' | 'wishes'>): void
  /** stops all that runs, last started first; the data stays */
  stop(): Promise<void>
}

const DEFAULT_KAFKA_PORT = 9092
const DEFAULT_REGISTRY_PORT = 8081
const DEFAULT_PARTITIONS = 4

/**
 * Starts the broker and the registry on 127.0.0.1 and sees to it that topics, subjects and epoch 1 are there.
 * @throws TerminalError with one of the codes of data-dir.ts, parts.ts, ports.ts or `WORKER_FAILED`
 */
export async function startStack({
  dataDir,
  kafkaPort = DEFAULT_KAFKA_PORT,
  registryPort = DEFAULT_REGISTRY_PORT,
  partitions = DEFAULT_PARTITIONS,
  owner = FIRST_DEPLOYMENT,
  env,
  onProgress = () => {},
  signal = new AbortController().signal,
}: StackOptions): Promise<Stack> {
  const folder = resolve(dataDir)
  const claim = await claimDataDir(folder)
  const supervisor = createSupervisor({ logs: join(folder, 'logs'), env })
  const brokers = `127.0.0.1:${kafkaPort}`
  const url = registryUrl(registryPort)
  const kafkaConfig = { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: url }
  let engines: Pick<Run, 'engines' | 'wishes'> = { engines: [], wishes: null }
  const writeRun = () =>
    claim.writeRun({
      pid: process.pid,
      kafkaPort,
      registryPort,
      brokers,
      registryUrl: url,
      workers: supervisor.status(),
      ...engines,
    })
  const rewriteRun = () =>
    void writeRun().catch((error: unknown) => onProgress(`run.json: ${messageOf(error)}`))
  supervisor.onChange(rewriteRun)

  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= supervisor.stopAll().finally(() => claim.release()))
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {}) // nobody waits for it once the stack is up
  signal.addEventListener('abort', () => {
    aborted.reject(signal.reason)
    stop().catch(() => {}) // whoever calls stop() is told
  })
  try {
    await writeRun()
    await assertFree(kafkaPort, '--kafka-port')
    await assertFree(registryPort, '--registry-port')
    const parts = await provideParts({ env, onProgress, signal })
    const broker = brokerChild({ parts, folder: join(folder, 'kafka'), port: kafkaPort })
    const registry = await registryChild({
      parts,
      folder: join(folder, 'registry'),
      port: registryPort,
    })
    signal.throwIfAborted()
    await Promise.all([supervisor.start(broker), supervisor.start(registry)])
    const config = parseConfig(KafkaConfig, kafkaConfig)
    // given up in between, it would go on asking a broker that is being stopped
    const deployed = deploy(config, { partitions, owner, log: silentLog() })
    for (const line of await Promise.race([deployed, aborted.promise])) onProgress(line)
    const showEngines = (shown: typeof engines) => {
      engines = shown
      rewriteRun()
    }
    return { brokers, registryUrl: url, kafkaConfig, supervisor, showEngines, stop }
  } catch (error) {
    await stop()
    throw signal.aborted ? signal.reason : error
  }
}
