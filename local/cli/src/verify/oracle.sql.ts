/**
 * The contract once more, as SQL over what avsc read: nothing here is shared with the codec, the validation or the
 * fold, so that a mistake in one of the two shows as a difference. The rules are numbered as in the contract.
 */

const PAYLOAD_OF = `(VALUES
  ('ORDER_CREATED',   'OrderCreated',   0, 'CREATED'),
  ('ORDER_UPDATED',   'OrderUpdated',   1, NULL),
  ('ORDER_PAID',      'OrderPaid',      2, 'PAID'),
  ('ORDER_SHIPPED',   'OrderShipped',   3, 'SHIPPED'),
  ('ORDER_DELIVERED', 'OrderDelivered', 4, 'DELIVERED'),
  ('ORDER_CANCELLED', 'OrderCancelled', 5, 'CANCELLED'),
  ('ORDER_REFUNDED',  'OrderRefunded',  6, 'REFUNDED')
) AS kind(event_type, branch, rank, status)`

const beyondInt = (column: string) => `${column} NOT BETWEEN -2147483648 AND 2147483647`
const beyondLong = (column: string) =>
  `${column} NOT BETWEEN -9007199254740991 AND 9007199254740991`
const badAmount = (column: string) => `${column} NOT BETWEEN 0 AND 1000000000000`
const tooLong = (columns: readonly string[]) =>
  columns.map((column) => `strlen(${column}) > 1024`).join(' OR ')

const TEXTS = [
  'order_id',
  'customer_id',
  'currency',
  'payment_id',
  'method',
  'carrier',
  'tracking_number',
  'signed_by',
  'reason',
  'refund_id',
]

/** item → item_facts: what the rules ask of an event's items, one row per event that has any. */
const ITEM_FACTS = `
CREATE TABLE item_facts AS
SELECT p, o,
  count(*) AS items,
  bool_or(${beyondInt('quantity')} OR ${beyondLong('unit_amount')}) AS beyond,
  bool_or(sku = '' OR ${tooLong(['sku'])}) AS bad_sku,
  bool_or(quantity NOT BETWEEN 1 AND 1000000) AS bad_quantity,
  bool_or(${badAmount('unit_amount')}) AS bad_amount,
  sum(quantity) AS quantity,
  sum(quantity::HUGEINT * unit_amount)
    FILTER (NOT (${beyondInt('quantity')} OR ${beyondLong('unit_amount')})) AS amount
FROM item GROUP BY p, o`

/** raw → judged: the first rule that a record breaks, null for an event; in the contract's order. */
const JUDGED = `
CREATE TABLE judged AS
SELECT r.p, r.o, r.order_id, r.event_id, kind.rank,
  CASE
    WHEN broken IS NOT NULL THEN broken
    WHEN ${beyondInt('schema_version')} OR ${beyondLong('event_ts')}
      OR coalesce(${beyondLong('shipping_amount')}, false)
      OR coalesce(${beyondLong('r.amount')}, false)
      OR coalesce(beyond, false) THEN 'number_out_of_range'
    WHEN NOT regexp_full_match(event_id, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
      OR order_id = '' OR customer_id = '' OR payment_id = '' OR refund_id = ''
      OR coalesce(bad_sku, false) OR coalesce(items > 10000, false)
      OR ${tooLong(TEXTS)} THEN 'field_limits'
    WHEN key IS DISTINCT FROM encode(order_id) THEN 'key_mismatch'
    WHEN home IS DISTINCT FROM r.p THEN 'partition_mismatch'
    WHEN kind.branch IS NULL OR kind.branch IS DISTINCT FROM r.branch THEN 'type_mismatch'
    WHEN NOT regexp_full_match(currency, '[A-Z]{3}') THEN 'invalid_currency'
    WHEN bad_quantity OR quantity > 2147483647 THEN 'invalid_quantity'
    WHEN ${badAmount('shipping_amount')} OR ${badAmount('r.amount')}
      OR bad_amount OR item_facts.amount > 1000000000000 THEN 'invalid_amount'
    WHEN event_ts < epoch_ms(TIMESTAMP '2000-01-01') OR event_ts >= epoch_ms(TIMESTAMP '2100-01-01')
      THEN 'event_ts_out_of_range'
  END AS reason
FROM raw r
LEFT JOIN item_facts USING (p, o)
LEFT JOIN ${PAYLOAD_OF} ON kind.event_type = r.event_type`

/**
 * judged → sql_outcome: rules 1 and 2. Of the events that carry one id of one order the first in raw is applied;
 * `place` is the event's rank in the order that rule 3 gives them.
 */
const OUTCOME = `
CREATE TABLE sql_outcome AS
WITH told AS (
  SELECT p, o, order_id, reason,
    reason IS NULL AND row_number() OVER (PARTITION BY reason, order_id, event_id ORDER BY o) = 1 AS applied
  FROM judged
)
SELECT p, o, order_id,
  CASE WHEN applied THEN 'applied' ELSE coalesce(reason, 'duplicate') END AS outcome,
  CASE WHEN applied THEN row_number() OVER (PARTITION BY applied, order_id ORDER BY o) END AS version
FROM told`

const at = (type: string) => `max(event_ts) FILTER (e.event_type = '${type}')`
const sumOf = (type: string) =>
  `least(coalesce(sum(e.amount) FILTER (e.event_type = '${type}'), 0), 9007199254740991)::BIGINT`

/** Rules 3 to 6: one row per order, of the events that the warehouse must or may already stand for (see `due`). */
const ROWS = `
CREATE TABLE sql_row AS
WITH e AS (
  SELECT r.*, s.version, kind.status,
    coalesce(f.quantity, 0) AS item_count,
    coalesce(f.amount, 0) AS items_amount,
    row_number() OVER (PARTITION BY r.order_id ORDER BY r.event_ts, kind.rank, r.event_id) AS place
  FROM sql_outcome s
  JOIN raw r USING (p, o)
  JOIN ${PAYLOAD_OF} ON kind.event_type = r.event_type
  LEFT JOIN item_facts f USING (p, o)
  LEFT JOIN due ON due.p = s.p
  LEFT JOIN shown ON shown.order_id = s.order_id
  WHERE s.outcome = 'applied' AND (s.o < coalesce(due.until, 0) OR s.version <= coalesce(shown.version, 0))
), facts AS (
  SELECT order_id,
    coalesce(arg_max(status, place) FILTER (status IS NOT NULL), 'UNKNOWN') AS status,
    arg_max(customer_id, place) FILTER (customer_id IS NOT NULL) AS customer_id,
    arg_max(currency, place) FILTER (currency IS NOT NULL) AS currency,
    arg_max(item_count, place) FILTER (has_items)::BIGINT AS item_count,
    arg_max(items_amount, place) FILTER (has_items)::BIGINT AS items_amount,
    arg_max(shipping_amount, place) FILTER (shipping_amount IS NOT NULL) AS shipping_amount,
    ${sumOf('ORDER_PAID')} AS paid_amount,
    ${sumOf('ORDER_REFUNDED')} AS refunded_amount,
    ${at('ORDER_CREATED')} AS created_at,
    ${at('ORDER_PAID')} AS paid_at,
    ${at('ORDER_SHIPPED')} AS shipped_at,
    ${at('ORDER_DELIVERED')} AS delivered_at,
    ${at('ORDER_CANCELLED')} AS cancelled_at,
    ${at('ORDER_REFUNDED')} AS refunded_at,
    min(event_ts) AS first_event_ts,
    max(event_ts) AS last_event_ts,
    count(*) AS version,
    arg_max(event_id, o) AS last_event_id,
    1::BIGINT AS schema_version,
    any_value(p) AS raw_partition,
    max(o) AS raw_offset
  FROM e GROUP BY order_id
)
SELECT *,
  CASE WHEN items_amount IS NOT NULL OR shipping_amount IS NOT NULL
    THEN coalesce(items_amount, 0) + coalesce(shipping_amount, 0) END AS total_amount
FROM facts`

/** raw, item → item_facts, judged, sql_outcome: what each raw record is. */
export const CLASSIFY = [ITEM_FACTS, JUDGED, OUTCOME]

/**
 * → sql_row. Needs `due` (p, until: offsets below must be in the warehouse) and `shown` (order_id, version: how far
 * the warehouse is seen to be). A row of the warehouse may be newer than what was due, never older.
 */
export const FOLD_IN_SQL = [ROWS]
