import type { KafkaConfig, Log } from '@order-up/kit'
import type { Kafka } from 'kafkajs'
import { kafkajsProducers, type ProducerOptions } from './kafkajs-producer.ts'
import { nativeProducers } from './native-producer.ts'
import type { TransportChoice } from './transport-choice.ts'
import type { ProducerFactory } from './transport.ts'

export interface Producers {
  create: ProducerFactory
  close(): Promise<void>
}

/** The producers of the chosen transport. @param clientId shown in the broker's logs and quotas */
export function openProducers(
  { native }: TransportChoice,
  kafka: Kafka,
  options: ProducerOptions & { config: KafkaConfig; clientId: string; log: Log },
): Producers {
  const plain = kafkajsProducers(kafka, options)
  if (!native) return { create: plain, close: () => Promise.resolve() }
  return nativeProducers(native.addon, { ...options, plain })
}
