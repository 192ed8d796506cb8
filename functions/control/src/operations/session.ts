import { openFetcher, type Fetcher } from '@order-up/kit'
import type { Admin, Kafka } from 'kafkajs'

/** What one step after the other is taken by: to connect anew for each would take most of a step's time. */
export interface Session {
  kafka: Kafka
  admin: Admin
  fetcher: Fetcher
  close(): Promise<void>
}

/** Connects; close it after use. @throws kafkajs's errors */
export async function openSession(kafka: Kafka): Promise<Session> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const fetcher = await openFetcher(kafka)
    return {
      kafka,
      admin,
      fetcher,
      close: async () => void (await Promise.all([fetcher.close(), admin.disconnect()])),
    }
  } catch (error) {
    await admin.disconnect()
    throw error
  }
}
