import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRandom } from '@order-up/producer'

const FIRST_PURCHASE = Date.UTC(2017, 0, 2, 8)

/** 5/9/2017 7:03, as these files write it */
function us(minutes: number): string {
  const at = new Date(FIRST_PURCHASE + minutes * 60_000)
  const day = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`
  return `${day} ${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, '0')}`
}

/** Orders as in the Olist files: some are cancelled, some not yet paid, shipped or delivered, some times are the same. */
export async function writeOlistFiles(dir: string, orders: number, seed: number): Promise<void> {
  const random = createRandom(seed)
  const order: string[] = []
  const items: string[] = []
  const payments: string[] = []
  for (let i = 0; i < orders; i++) {
    const id = `order-${i}`
    let at = random.below(500_000)
    const next = (chance: number) => (random.chance(chance) ? us((at += random.below(3_000))) : '')
    const times = [us(at), next(0.95), next(0.9), next(0.9)]
    const status = random.chance(0.1) ? 'canceled' : 'delivered'
    order.push([id, `customer-${random.below(50)}`, status, ...times].join())
    for (let n = random.below(4); n > 0; n--)
      items.push(
        `${id},product-${random.below(99)},${random.below(99_999) / 100},${random.below(999) / 100}`,
      )
    for (let n = random.below(3); n > 0; n--)
      payments.push(`${id},${n},voucher,${random.below(99_999) / 100}`)
  }
  const table = (name: string, columns: string, lines: readonly string[]) =>
    writeFile(join(dir, name), `${[columns, ...lines].join('\n')}\n`)
  await mkdir(dir, { recursive: true })
  await table(
    'orders.csv',
    'order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date',
    order,
  )
  await table('order_items.csv', 'order_id,product_id,price,freight_value', items)
  await table(
    'order_payments.csv',
    'order_id,payment_sequential,payment_type,payment_value',
    payments,
  )
}
