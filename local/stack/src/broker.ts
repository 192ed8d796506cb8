import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkajs, silentLog, until } from '@order-up/kit'
import { freePort } from './ports.ts'
import type { Parts } from './parts.ts'
import type { ChildSpec } from './supervisor.ts'

const HOST = '127.0.0.1'
const READY_MS = 60_000

const TEN_YEARS_MIN = 10 * 365 * 24 * 60

export interface BrokerOptions {
  parts: Parts
  /** of the broker's log and its configuration; kept from run to run */
  folder: string
  port: number
}

/** A Kafka broker that is its own controller, on 127.0.0.1, as a child for the supervisor. */
export function brokerChild({ parts, folder, port }: BrokerOptions): ChildSpec {
  const config = join(folder, 'server.properties')
  const data = join(folder, 'data')
  return {
    name: 'broker',
    command: join(parts.jdk.home, 'bin/java'),
    args: [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      ...parts.classArchive('broker'),
      '-Dlog4j2.level=WARN',
      '-cp',
      parts.brokerClassPath.join(':'),
      'Leash',
      'Broker',
      config,
      data,
      randomBytes(16).toString('base64url'),
    ],
    prepare: async () => {
      await mkdir(folder, { recursive: true })
      // the controller's port is nobody else's business: a new one for each start
      await writeFile(config, serverProperties({ data, port, controllerPort: await freePort() }))
    },
    ready: (signal) => until(() => answers(port), signal),
    readyMs: READY_MS,
  }
}

function serverProperties(o: { data: string; port: number; controllerPort: number }): string {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${HOST}:${o.controllerPort}`,
    listeners: `PLAINTEXT://${HOST}:${o.port},CONTROLLER://${HOST}:${o.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${o.port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': o.data,
    'auto.create.topics.enable': false,

    // one broker holds the only copy of everything
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,

    // a laptop: few threads, no waiting for group members that do not come
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 << 20,
    'offsets.retention.minutes': TEN_YEARS_MIN, // a laptop that was closed for weeks resumes where it was
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    // a transaction that a killed engine left open is aborted soon after its own timeout, not up to 10 s later
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${escapeProperty(String(value))}\n`)
    .join('')
}

/** Java reads these files as Latin-1, and a home folder may have any name. */
function escapeProperty(value: string): string {
  return value.replace(
    /[^ -[\]-~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Whether the broker has registered itself and answers, asked by a request of its protocol. */
async function answers(port: number): Promise<boolean> {
  const log = silentLog()
  const kafka = new kafkajs.Kafka({
    clientId: 'order-up.stack',
    brokers: [`${HOST}:${port}`],
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
    logCreator: () => (entry) => log.debug(entry.log),
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    return brokers.length === 1
  } catch {
    return false
  } finally {
    await admin.disconnect()
  }
}
