import { describe, emitMetrics, kafkajs, OrderUpError, type Log } from '@order-up/kit'
import type { Kafka } from 'kafkajs'
import { z } from 'zod'
import { ControlEvent, type ControlAnswers, type ErrorAnswer, type Proof } from './lambda-events.ts'
import { readShares } from './operations/epochs.ts'
import { probe } from './operations/probe.ts'
import { unproven } from './operations/proofs.ts'
import { ensureServiceKey } from './operations/service-key.ts'
import { stepSwap } from './operations/step-swap.ts'
import { ensureSubject } from './operations/subjects.ts'

export interface HandlerOptions {
  kafka: Kafka
  registryUrl: string
  ecsCluster: string | undefined
  verdictsUrl: string | undefined
  /** its name */
  stack: string
  log: Log
}

type Answer = ControlAnswers[keyof ControlAnswers] | ErrorAnswer

/** Answers events. An error is an answer too: Lambda would show the caller its name and message only. */
export function answerTo(options: HandlerOptions): (event: unknown) => Promise<Answer> {
  return async (event) => {
    try {
      return await act(options, ControlEvent.parse(event))
    } catch (error) {
      options.log.error({ err: error }, describe(error))
      return { error: { code: codeOf(error), message: wordsOf(error) } }
    }
  }
}

async function act(options: HandlerOptions, event: ControlEvent): Promise<Answer> {
  const { kafka, registryUrl, verdictsUrl } = options
  switch (event.action) {
    case 'subject':
      return { ids: await ensureSubject(registryUrl, event) }
    case 'swap': {
      const prove = (proof: Proof) => proofOf(options, proof)
      return stepSwap({ kafka, registryUrl, verdictsUrl, unproven: prove }, event)
    }
    case 'shares':
      return { record: await readShares(kafka) }
    case 'key': {
      const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager')
      const client = new SecretsManagerClient({})
      return { publicKey: await ensureServiceKey(client, event) }
    }
    case 'probe': {
      const documents = await probe(kafka, options.stack)
      documents.forEach(emitMetrics)
      return { measured: documents.length }
    }
  }
}

async function proofOf({ ecsCluster }: HandlerOptions, proof: Proof): Promise<string[]> {
  const { ECSClient } = await import('@aws-sdk/client-ecs')
  const { KinesisAnalyticsV2Client } = await import('@aws-sdk/client-kinesis-analytics-v2')
  const clouds = { ecs: new ECSClient({}), ecsCluster, flink: new KinesisAnalyticsV2Client({}) }
  return unproven(clouds, proof)
}

/** Stable; one that ends in _UNREACHABLE may pass by itself. */
function codeOf(error: unknown): string {
  if (error instanceof OrderUpError) return error.code
  if (error instanceof z.ZodError) return 'EVENT'
  if (isUnreachable(error)) return 'KAFKA_UNREACHABLE'
  return 'UNEXPECTED'
}

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSRequestTimeoutError } =
  kafkajs

const isUnreachable = (error: unknown) =>
  error instanceof KafkaJSConnectionError ||
  error instanceof KafkaJSRequestTimeoutError ||
  error instanceof KafkaJSNumberOfRetriesExceeded

const wordsOf = (error: unknown) =>
  error instanceof z.ZodError ? `not an event: ${z.prettifyError(error)}` : describe(error)
