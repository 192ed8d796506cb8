import type { Columns } from './scratch.ts'

/** The contract's fields of a row, with the type in which they are compared. */
export const ROW_FIELDS = {
  order_id: 'VARCHAR',
  status: 'VARCHAR',
  customer_id: 'VARCHAR',
  currency: 'VARCHAR',
  item_count: 'BIGINT',
  items_amount: 'BIGINT',
  shipping_amount: 'BIGINT',
  total_amount: 'BIGINT',
  paid_amount: 'BIGINT',
  refunded_amount: 'BIGINT',
  created_at: 'BIGINT',
  paid_at: 'BIGINT',
  shipped_at: 'BIGINT',
  delivered_at: 'BIGINT',
  cancelled_at: 'BIGINT',
  refunded_at: 'BIGINT',
  first_event_ts: 'BIGINT',
  last_event_ts: 'BIGINT',
  version: 'BIGINT',
  last_event_id: 'VARCHAR',
  schema_version: 'BIGINT',
} as const satisfies Columns

/** Where a row comes from: the raw record that made it. */
export const LINEAGE_FIELDS = {
  raw_partition: 'INTEGER',
  raw_offset: 'BIGINT',
} as const satisfies Columns

/** p and o are the partition and offset of the record itself, in every table. */
const PLACE = { p: 'INTEGER', o: 'BIGINT' } as const satisfies Columns

/** Whether a swap copied the record from a shadow topic, later than it would have been written. */
const FILLED = { filled: 'BOOLEAN' } as const satisfies Columns

/** Every raw record: its bytes for the fold, and what avsc reads in them for SQL. */
export const RAW: Columns = {
  ...PLACE,
  key: 'BLOB',
  value: 'BLOB',
  headers: 'VARCHAR',
  /** the partition where kafkajs's own partitioner puts the key */
  home: 'INTEGER',
  broken: 'VARCHAR',
  event_id: 'VARCHAR',
  event_type: 'VARCHAR',
  event_ts: 'BIGINT',
  order_id: 'VARCHAR',
  schema_version: 'BIGINT',
  branch: 'VARCHAR',
  customer_id: 'VARCHAR',
  currency: 'VARCHAR',
  payment_id: 'VARCHAR',
  method: 'VARCHAR',
  carrier: 'VARCHAR',
  tracking_number: 'VARCHAR',
  signed_by: 'VARCHAR',
  reason: 'VARCHAR',
  refund_id: 'VARCHAR',
  shipping_amount: 'BIGINT',
  amount: 'BIGINT',
  has_items: 'BOOLEAN',
}

export const ITEM: Columns = {
  ...PLACE,
  sku: 'VARCHAR',
  quantity: 'BIGINT',
  unit_amount: 'BIGINT',
}

/** What the codec and the fold make of each raw record; the digest is that of the row after it. */
export const FOLD_OUTCOME: Columns = {
  ...PLACE,
  order_id: 'VARCHAR',
  outcome: 'VARCHAR',
  version: 'BIGINT',
  digest: 'BLOB',
}

/** The fold's row of each order, as far as the warehouse must or may be. */
export const FOLD_ROW: Columns = { ...ROW_FIELDS, ...LINEAGE_FIELDS }

/** Every curated record, its lineage from its headers. */
export const CURATED: Columns = {
  ...PLACE,
  ...LINEAGE_FIELDS,
  ...FILLED,
  engine: 'VARCHAR',
  order_id: 'VARCHAR',
  version: 'BIGINT',
  key: 'BLOB',
  invalid: 'VARCHAR',
  digest: 'BLOB',
}

export const DEAD_LETTER: Columns = {
  ...PLACE,
  ...LINEAGE_FIELDS,
  ...FILLED,
  engine: 'VARCHAR',
  topic: 'VARCHAR',
  reason: 'VARCHAR',
  key: 'BLOB',
  value: 'BLOB',
  headers: 'VARCHAR',
}
