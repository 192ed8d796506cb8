import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '@order-up/kit'
import type { Random } from '@order-up/producer'
import { TABLE, queryWarehouse } from '@order-up/sink'

/** An order of the test's own, and how long it took. */
export interface Canary {
  id: string
  /** when it was handed to the ingest, epoch milliseconds */
  sentAt: number
  /** until the warehouse was seen to hold its row, milliseconds */
  tookMs: number
}

export interface Canaries {
  /** Sends no more. @returns all of them, in the order of sending @throws where one does not arrive within `ms` */
  stop(ms: number): Promise<Canary[]>
}

const SEND_EVERY_MS = 250
const LOOK_EVERY_MS = 100

/** Sends an order now and then over HTTP, as a shop would, and looks when its row can be read in the warehouse. */
export function startCanaries(
  random: Random,
  { ingestPort, querySocket }: { ingestPort: number; querySocket: string },
): Canaries {
  const underway = new Map<string, number>()
  const arrived: Canary[] = []
  const sending = new AbortController()
  const looking = new AbortController()

  async function send(): Promise<void> {
    while (!sending.signal.aborted) {
      const id = `canary-${random.hex(3)}`
      underway.set(id, Date.now())
      await post(ingestPort, orderOf(id, random.uuid()))
      await delay(SEND_EVERY_MS, undefined, { signal: sending.signal }).catch(() => {})
    }
  }

  async function look(): Promise<void> {
    while (!looking.signal.aborted) {
      const ids = [...underway.keys()].map((id) => `'${id}'`).join(', ')
      if (ids !== '') {
        const sql = `SELECT ORDER_ID FROM ${TABLE} WHERE ORDER_ID IN (${ids})`
        const { rows } = await queryWarehouse(querySocket, sql)
        const now = Date.now()
        for (const [id] of rows as [string][]) {
          const sentAt = underway.get(id)!
          underway.delete(id)
          arrived.push({ id, sentAt, tookMs: now - sentAt })
        }
      }
      await delay(LOOK_EVERY_MS, undefined, { signal: looking.signal }).catch(() => {})
    }
  }

  const sent = send()
  const looked = look()
  for (const work of [sent, looked]) work.catch(() => {}) // stop() says so

  return {
    async stop(ms) {
      sending.abort()
      await sent
      const deadline = Date.now() + ms
      while (underway.size > 0 && Date.now() < deadline) await delay(LOOK_EVERY_MS)
      looking.abort()
      await looked
      if (underway.size > 0)
        throw new Error(`after ${ms} ms not in the warehouse: ${[...underway.keys()].join(', ')}`)
      return arrived.toSorted((a, b) => a.sentAt - b.sentAt)
    },
  }
}

const orderOf = (order_id: string, event_id: string) => ({
  event_id,
  event_type: 'ORDER_CREATED',
  event_ts: Date.now(),
  order_id,
  payload: {
    customer_id: 'canary',
    currency: 'EUR',
    items: [{ sku: 'seed', quantity: 1, unit_amount: 100 }],
    shipping_amount: 0,
  },
})

async function post(port: number, event: object): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  }).catch((error: unknown) => {
    throw new Error(`the ingest does not answer: ${messageOf(error)}`)
  })
  const text = await answer.text()
  if (answer.status !== 202) throw new Error(`the ingest answers ${answer.status}: ${text}`)
}
