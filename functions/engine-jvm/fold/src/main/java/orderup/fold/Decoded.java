package orderup.fold;

/** What a raw record is. */
public sealed interface Decoded {

  /** Malformed: a dead letter. */
  record Rejected(Reason reason, String detail) implements Decoded {}

  /**
   * Written with a schema newer than this code: stop and say so; never guess, never dead-letter.
   */
  record NewerSchema(long id, int version) implements Decoded {}

  /**
   * One event as the contract allows it, as far as the fold looks at it. Text is UTF-8 and only
   * ever carried over, so it stays bytes. What the event's type does not have is null.
   *
   * @param orderId the record's key, which is the same bytes
   * @param idHigh the first 8 bytes of event_id
   * @param idLow the last 8 bytes of event_id
   * @param ts when it happened, epoch milliseconds
   * @param items the sums of the items; null where the event leaves them unchanged
   * @param shippingAmount in minor units
   * @param amount of ORDER_PAID and ORDER_REFUNDED, in minor units; otherwise 0
   */
  record OrderEvent(
      byte[] orderId,
      long idHigh,
      long idLow,
      EventType type,
      long ts,
      byte[] customerId,
      byte[] currency,
      ItemTotals items,
      Long shippingAmount,
      long amount)
      implements Decoded {}
}
