/** A record as Lambda shows it: base64, and header values as Java's signed bytes. */
export function mskRecord(
  partition: number,
  offset: number,
  value: Buffer | null,
  headers: Record<string, string> = {},
) {
  return {
    topic: 'orders.orders.curated',
    partition,
    offset,
    timestamp: 1_700_000_000_000,
    timestampType: 'LOG_APPEND_TIME',
    key: Buffer.from('k').toString('base64'),
    ...(value ? { value: value.toString('base64') } : {}),
    headers: Object.entries(headers).map(([name, text]) => ({
      [name]: [...new Int8Array(Buffer.from(text))],
    })),
  }
}
