import type { IHeaders, KafkaMessage } from 'kafkajs'
import type { CuratedRecord } from './decode.ts'

/** A message as kafkajs has it. */
export const recordOf = (partition: number, message: KafkaMessage): CuratedRecord => ({
  partition,
  offset: Number(message.offset),
  timestamp: Number(message.timestamp),
  value: message.value,
  header: (name) => headerText(message.headers, name),
})

function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name]
  const last = Array.isArray(value) ? value.at(-1) : value
  return last?.toString()
}
