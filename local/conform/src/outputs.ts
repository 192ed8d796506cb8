import type { Fetcher, TopicRecord } from '@order-up/kit'
import {
  CURATED_TOPIC,
  DLQ_HEADERS,
  DLQ_TOPIC,
  ROW_HEADERS,
  shadowDlqTopic,
  shadowTopic,
} from '@order-up/schemas'

/** What an engine wrote. */
export interface Output extends TopicRecord {
  topic: string
  isDeadLetter: boolean
  isShadow: boolean
  /** partition/offset of the raw record that its headers name, as they say it */
  ofRaw: string
  /** the deployment that its headers name */
  engine: string
}

/** Asks until it is true, for as long as an engine may take; where it is not, the answer may say what is. */
export type Wait = (what: string, is: () => Promise<boolean | string>) => Promise<void>

/** The topics that a deployment writes to. */
export const outputTopics = (deployment: string) => [
  CURATED_TOPIC,
  DLQ_TOPIC,
  shadowTopic(deployment),
  shadowDlqTopic(deployment),
]

/** All that a deployment wrote, as a read_committed reader is shown it. */
export class Outputs {
  readonly #fetcher: Fetcher
  readonly #deployment: string
  readonly #alone: boolean
  readonly #next = new Map<string, number>()
  /** by the raw record that they are for: all so far */
  readonly seen = new Map<string, Output[]>()

  /** @param alone false: others write to the same topics, and only what bears its name is taken to be its own */
  constructor(fetcher: Fetcher, deployment: string, { alone = true }: { alone?: boolean } = {}) {
    this.#fetcher = fetcher
    this.#deployment = deployment
    this.#alone = alone
  }

  /**
   * Reads on to the end of all topics, waiting for what lies there and is not committed yet: an offset that is
   * committed may be seen before the last marker of its transaction.
   * @returns what is new
   */
  async advance(wait: Wait): Promise<Output[]> {
    const found: Output[] = []
    for (const topic of outputTopics(this.#deployment)) {
      const ends = await this.#fetcher.highWatermarks(topic)
      await wait(`what lies in ${topic} to be committed or aborted`, async () => {
        const stable = await this.#fetcher.lastStableOffsets(topic)
        return ends.every((end, p) => stable[p]! >= end) || `${stable.join()} of ${ends.join()}`
      })
      for (const [partition, to] of ends.entries()) {
        const place = `${topic} ${partition}`
        const from = this.#next.get(place) ?? 0
        for await (const { records } of this.#fetcher.read(topic, { partition, from, to }))
          for (const record of records) {
            const output = outputOf(record, topic, this.#deployment)
            if (this.#alone || output.engine === this.#deployment) found.push(output)
          }
        this.#next.set(place, Math.max(from, to))
      }
    }
    for (const output of found) {
      const list = this.seen.get(output.ofRaw) ?? []
      list.push(output)
      this.seen.set(output.ofRaw, list)
    }
    return found
  }
}

function outputOf(record: TopicRecord, topic: string, deployment: string): Output {
  const isDeadLetter = topic === DLQ_TOPIC || topic === shadowDlqTopic(deployment)
  const names = isDeadLetter ? DLQ_HEADERS : ROW_HEADERS
  const ofRaw = `${headerText(record, names.partition)}/${headerText(record, names.offset)}`
  const isShadow = topic !== CURATED_TOPIC && topic !== DLQ_TOPIC
  const engine = headerText(record, names.engine)
  return { ...record, topic, isDeadLetter, isShadow, ofRaw, engine }
}

const headerText = ({ headers }: TopicRecord, name: string) => {
  const value = headers[name]
  return value === undefined || value === null ? '?' : value.toString()
}
