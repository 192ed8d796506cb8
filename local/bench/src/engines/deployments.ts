import { topics, type TopicSpec } from '@order-up/control'
import {
  asOnlyWriter,
  createTopics,
  epochMessage,
  makeTopics,
  readEpoch,
} from '@order-up/control/operations'
import { openFetcher, until } from '@order-up/kit'
import type { Engine } from '@order-up/schemas'
import type { Admin, Kafka } from 'kafkajs'

const DEPLOYED = 20_000

/** The topics that a deployment has for itself: those of its engine's first generation, under its own name. */
export function topicsOf(engine: Engine, generation: number, partitions: number): TopicSpec[] {
  const first = `${engine}-1`
  return topics({ partitions })
    .filter(({ name }) => isOf(name, first))
    .map((spec) => ({ ...spec, name: spec.name.replace(first, `${engine}-${generation}`) }))
}

/** Whether a topic is a deployment's own. */
export const isOf = (topic: string, deployment: string) =>
  new RegExp(`[.]${deployment}(?![0-9])`).test(topic)

async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  await admin.connect()
  return use(admin).finally(() => admin.disconnect())
}

/** Creates what is missing of a deployment's topics. @returns its id */
export async function createDeployment(
  kafka: Kafka,
  { engine, generation, partitions }: { engine: Engine; generation: number; partitions: number },
): Promise<string> {
  await withAdmin(kafka, (admin) => makeTopics(admin, topicsOf(engine, generation, partitions)))
  return `${engine}-${generation}`
}

/** Deletes a deployment's topics, so that its state is no burden to the broker while others are measured. */
export const removeDeployment = (kafka: Kafka, deployment: string): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const own = (await admin.listTopics()).filter((name) => isOf(name, deployment))
    if (own.length > 0) await admin.deleteTopics({ topics: own })
  })

/** Deletes topics of the contract and creates them again, empty. Nothing may be using them. */
export async function emptyTopics(
  kafka: Kafka,
  names: readonly string[],
  partitions: number,
): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.deleteTopics({ topics: [...names] })
    const gone = async () => (await admin.listTopics()).every((name) => !names.includes(name))
    await until(gone, AbortSignal.timeout(DEPLOYED))
  })
  await createTopics(kafka, partitions)
}

/** Gives every bucket to one deployment, by the next epoch. */
export async function giveAllTo(kafka: Kafka, deployment: string): Promise<void> {
  const fetcher = await openFetcher(kafka)
  try {
    const seen = await readEpoch(fetcher)
    const epoch = (seen?.record.epoch ?? 0) + 1
    const shares = { [deployment]: [[0, 99] as [number, number]] }
    await asOnlyWriter(kafka, fetcher, seen, (write) =>
      write([epochMessage({ epoch, shares, swap: null })]),
    )
  } finally {
    await fetcher.close()
  }
}
