import { setTimeout as delay } from 'node:timers/promises'
import type { Stack } from '@order-up/stack'
import { KafkaConfig, createKafka, messageOf, parseConfig, silentLog } from '@order-up/kit'
import { TABLE, queryWarehouse } from '@order-up/sink'
import { collectFigures, figuresLine } from './figures.ts'
import type { RunningStack } from './run-stack.ts'
import type { Progress, Shell } from './shell.ts'

const TERMINAL_MS = 1_000
const OTHERWISE_MS = 5_000
const FIRST_ORDER_POLL_MS = 100

/** Shows how the pipeline is doing until `signal` aborts, and every change of a worker's state. */
export async function showLive(
  shell: Shell,
  stack: RunningStack,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  const kafka = createKafka(config, 'order-up.cli', silentLog())
  const admin = kafka.admin({ retry: { retries: 1 } })
  tellRestarts(stack, progress.note)
  const everyMs = shell.isTerminal ? TERMINAL_MS : OTHERWISE_MS
  try {
    while (!signal.aborted) {
      try {
        await admin.connect()
        const workers = stack.supervisor.status()
        const { deployment, querySocket } = stack
        const deployments = [deployment]
        const figures = await collectFigures(admin, workers, { deployments, querySocket })
        if (!signal.aborted) progress.say(figuresLine(figures))
      } catch (error) {
        progress.say(`Kafka does not answer: ${messageOf(error)}`)
      }
      await delay(everyMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    progress.clear()
    await admin.disconnect()
  }
}

/** Says when a worker ended by itself, and when it runs again. */
function tellRestarts({ supervisor }: Stack, tell: (line: string) => void) {
  const told = new Map<string, string>()
  supervisor.onChange(() => {
    for (const { name, state, lastEnd } of supervisor.status()) {
      const before = told.get(name)
      told.set(name, state)
      if (before === state) continue
      if (state === 'restarting') tell(`${name} ended (${lastEnd}); it is started again`)
      if (state === 'running' && before !== undefined) tell(`${name} runs`)
      if (state === 'failed')
        tell(`${name} failed (${lastEnd}) and is left alone: ${supervisor.logFile(name)}`)
    }
  })
}

/** The id of the first order that the warehouse got since `since` (epoch ms); undefined once `signal` aborts. */
export async function firstOrder(
  querySocket: string,
  since: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const sql = `SELECT ORDER_ID FROM ${TABLE} WHERE epoch_ms(LOADED_AT) >= ${since} LIMIT 1`
  while (!signal.aborted) {
    const found = await queryWarehouse(querySocket, sql).catch(() => undefined)
    const id = found?.rows[0]?.[0]
    if (typeof id === 'string') return id
    await delay(FIRST_ORDER_POLL_MS, undefined, { signal }).catch(() => {})
  }
  return undefined
}
