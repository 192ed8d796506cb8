import { asOnlyWriter, epochMessage, readEpoch } from '@order-up/control/operations'
import type { Fetcher } from '@order-up/kit'
import { ownedBuckets, SHARES_TOPIC, type SharesRecord } from '@order-up/schemas'
import type { Admin, Kafka } from 'kafkajs'
import type { Wait } from './outputs.ts'

export type Ranges = [from: number, to: number][]

/** Owns what the engine under test does not; nobody runs it. */
const NOBODY = 'node-9'

export interface SharesOptions {
  kafka: Kafka
  admin: Admin
  fetcher: Fetcher
  deployment: string
  /** tries again while Kafka is not ready: a topic that was just made is not led at once */
  wait: Wait
}

/** The epochs, written as the control function writes them. */
export class SharesTopic {
  readonly #o: SharesOptions
  /** the newest; undefined = none was written */
  epoch: SharesRecord | undefined

  constructor(o: SharesOptions) {
    this.#o = o
  }

  async read(): Promise<void> {
    this.epoch = (await readEpoch(this.#o.fetcher))?.record
  }

  /** Which buckets the deployment owns by the newest epoch. */
  get owned(): readonly boolean[] {
    return this.epoch ? ownedBuckets(this.epoch, this.#o.deployment) : []
  }

  /** Gives the deployment these buckets, and all others to nobody who runs. */
  async write(own: Ranges): Promise<void> {
    const { kafka, fetcher, deployment, wait } = this.#o
    const epoch = (this.epoch?.epoch ?? 0) + 1
    const owned = ownedBuckets({ epoch, shares: { own }, swap: null }, 'own')
    const others = owned.flatMap((isOwn, b): Ranges => (isOwn ? [] : [[b, b]]))
    const shares = { [deployment]: own, [NOBODY]: others }
    const record = { epoch, shares, swap: null, previous: null }
    await wait(`epoch ${epoch} to be written`, async () => {
      const seen = await readEpoch(fetcher)
      await asOnlyWriter(kafka, fetcher, seen, (write) => write([epochMessage(record)]))
      return true
    })
    this.epoch = record
  }

  /** The topic as before the first deploy. No engine may run. */
  async empty(): Promise<void> {
    const { admin, fetcher, wait } = this.#o
    await admin.deleteTopics({ topics: [SHARES_TOPIC] })
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await wait('the shares topic to be made anew', async () => {
      const topic = { topic: SHARES_TOPIC, numPartitions: 1, configEntries }
      await admin.createTopics({ waitForLeaders: false, topics: [topic] })
      await fetcher.lastStableOffsets(SHARES_TOPIC)
      return true
    })
    this.epoch = undefined
  }
}
