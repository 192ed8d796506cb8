/** The sentences of the contract that the vectors hold engines to. */
export const DUPLICATES =
  'Fold 1: an event_id already applied to the order changes nothing and emits nothing; the first in raw wins, whatever the content.'
export const VERSION =
  'Fold 2: version = number of distinct events applied to the order. It only grows.'
export const LAST_WRITER =
  'Fold 3: each fact takes the value of the event that sets it and is greatest by (event_ts, lifecycle rank, event_id).'
export const STATUS = 'Fold 3: every type but ORDER_UPDATED sets status.'
export const AT = 'Fold 3: X_at is the event_ts of the greatest event of that type.'
export const SUMS =
  'Fold 4: paid_amount and refunded_amount add over distinct events (and stop at 2^53-1).'
export const ENDS = 'Fold 5: first/last_event_ts = min/max; last_event_id = the event just applied.'
export const ANY_START =
  'Fold 6: an order may start with any event; what is not yet known is null (status UNKNOWN only when nothing set it).'
export const EMPTY_ITEMS = 'Fold 6: empty items are legal.'
export const LAST_HAPPENED =
  'Fold 6: a payment dated after a cancellation shows PAID with cancelled_at set, and any refund shows REFUNDED.'
export const NULL_UNCHANGED = 'ORDER_UPDATED: null means unchanged.'
export const TOTAL =
  'total_amount: sum of those of items_amount and shipping_amount that are known; null if neither.'
export const PER_ORDER = 'State of an order + one event: orders know nothing of each other.'
