import { setTimeout as delay } from 'node:timers/promises'
import type { ControlRecord } from '@order-up/control'
import { readEpoch } from '@order-up/control/operations'
import type { Stack } from '@order-up/stack'
import {
  KafkaConfig,
  createKafka,
  messageOf,
  openFetcher,
  parseConfig,
  silentLog,
  type Fetcher,
} from '@order-up/kit'
import { TABLE, queryWarehouse } from '@order-up/sink'
import type { Kafka } from 'kafkajs'
import { swapText } from './engine-choice.ts'
import { deploymentsOf } from './engine-lines.ts'
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
  const shares = followShares(kafka)
  const everyMs = shell.isTerminal ? TERMINAL_MS : OTHERWISE_MS
  try {
    while (!signal.aborted) {
      try {
        await admin.connect()
        const workers = stack.supervisor.status()
        const record = await shares.newest()
        const figures = await collectFigures(admin, workers, {
          ...deploymentsOf(record, stack.engines()),
          querySocket: stack.querySocket,
        })
        const swap = record && swapText(record)
        const line = [figuresLine(figures), ...(swap === undefined ? [] : [swap])].join(' | ')
        if (!signal.aborted) progress.say(line)
      } catch (error) {
        progress.say(`Kafka does not answer: ${messageOf(error)}`)
      }
      await delay(everyMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    progress.clear()
    await Promise.all([admin.disconnect(), shares.close()])
  }
}

/** The newest epoch, again and again, by one connection. */
function followShares(kafka: Kafka) {
  let fetcher: Fetcher | undefined
  const close = async () => {
    const closing = fetcher?.close()
    fetcher = undefined
    await closing
  }
  return {
    async newest(): Promise<ControlRecord | undefined> {
      try {
        return (await readEpoch((fetcher ??= await openFetcher(kafka))))?.record
      } catch (error) {
        await close()
        throw error
      }
    },
    close,
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
