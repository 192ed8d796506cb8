/** Why a raw record is malformed, in the order in which the contract checks: the first failure is the reason. */
export const REASONS = [
  'null_value',
  'framing',
  'unknown_schema_id',
  'not_decodable',
  'trailing_bytes',
  'invalid_utf8',
  'number_out_of_range',
  'field_limits',
  'key_mismatch',
  'partition_mismatch',
  'type_mismatch',
  'invalid_currency',
  'invalid_quantity',
  'invalid_amount',
  'event_ts_out_of_range',
] as const
export type Reason = (typeof REASONS)[number]

export interface Rejection {
  reason: Reason
  /** for a person; never compared between engines */
  detail: string
}
