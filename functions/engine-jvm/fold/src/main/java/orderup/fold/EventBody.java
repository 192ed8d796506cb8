package orderup.fold;

/**
 * Reads one OrderEvent, and on its way notes what is wrong with the fields: which of it counts is
 * for the caller to say, because the contract's order of checks is not that of the fields. Of
 * payloads it keeps what the fold needs. Reusable; for one thread.
 */
final class EventBody {
  private static final int TYPES = EventType.BY_RANK.size() + 1;
  private static final int UUID_LENGTH = 36;

  private final AvroReader reader;

  /** the bytes that the reader reads */
  private byte[] bytes;

  long idHigh;
  long idLow;

  /** index into the Avro enum: 0 is UNKNOWN, else rank + 1 */
  int type;

  long ts;
  int orderIdStart;
  int orderIdLength;

  /** index into the payload union: 0 is null, else rank + 1 */
  int branch;

  byte[] customerId;
  byte[] currency;
  ItemTotals items;
  Long shippingAmount;
  long amount;

  /** The first fault of its kind, for a person; null where there is none. */
  String limitFault;

  String currencyFault;
  String quantityFault;
  String amountFault;

  EventBody(AvroReader reader) {
    this.reader = reader;
  }

  /**
   * @throws NotDecodable
   */
  void read(byte[] bytes, int from) {
    this.bytes = bytes;
    reader.reset(bytes, from);
    customerId = currency = null;
    items = null;
    shippingAmount = null;
    amount = 0;
    limitFault = currencyFault = quantityFault = amountFault = null;

    // in the order of schemas/avro/orders.events.raw-value.v1.json; AvroTest holds the two together
    if (!readUuid()) limitFault("event_id is not a lower-case UUID");
    type = reader.readIndex(TYPES);
    ts = reader.readLong();
    orderIdLength = readId("order_id");
    orderIdStart = reader.textStart();
    branch = reader.readIndex(TYPES);
    if (branch > 0) readPayload(EventType.BY_RANK.get(branch - 1));
    reader.readInt(); // schema_version is informative
  }

  private void readPayload(EventType record) {
    switch (record) {
      case ORDER_CREATED -> {
        readId("customer_id");
        customerId = reader.text();
        readCurrency();
        readItems();
        shippingAmount = readAmount("shipping_amount");
      }
      case ORDER_UPDATED -> {
        if (reader.readPresent()) {
          readId("customer_id");
          customerId = reader.text();
        }
        if (reader.readPresent()) readItems();
        if (reader.readPresent()) shippingAmount = readAmount("shipping_amount");
      }
      case ORDER_PAID -> {
        readId("payment_id");
        amount = readAmount("amount");
        readText("method");
      }
      case ORDER_SHIPPED -> {
        readOptionalText("carrier");
        readOptionalText("tracking_number");
      }
      case ORDER_DELIVERED -> readOptionalText("signed_by");
      case ORDER_CANCELLED -> readText("reason");
      case ORDER_REFUNDED -> {
        readId("refund_id");
        amount = readAmount("amount");
        readOptionalText("reason");
      }
    }
  }

  private void readItems() {
    long number = 0;
    long quantities = 0;
    long total = 0;
    for (long count = reader.readBlockCount(); count > 0; count = reader.readBlockCount()) {
      number += count;
      for (long i = 0; i < count; i++) {
        readId("sku");
        int quantity = reader.readInt();
        long unitAmount = readAmount("unit_amount");
        if (quantity < 1 || quantity > Limits.MAX_QUANTITY) quantityFault("quantity " + quantity);
        quantities += quantity;
        if (quantityFault != null || amountFault != null) continue; // the product might overflow
        total += quantity * unitAmount;
        if (total > Limits.MAX_AMOUNT)
          amountFault("items add up to more than " + Limits.MAX_AMOUNT);
      }
    }
    if (number > Limits.MAX_ITEMS) limitFault(number + " items");
    if (quantities > Limits.MAX_QUANTITY_SUM) quantityFault("quantities add up to " + quantities);
    items = new ItemTotals((int) quantities, total);
  }

  private long readAmount(String name) {
    long value = reader.readLong();
    if (value < 0 || value > Limits.MAX_AMOUNT) amountFault(name + " " + value);
    return value;
  }

  private int readId(String name) {
    int length = readText(name);
    if (length == 0) limitFault(name + " is empty");
    return length;
  }

  private void readOptionalText(String name) {
    if (reader.readPresent()) readText(name);
  }

  private int readText(String name) {
    int length = reader.readText();
    if (length > Limits.MAX_STRING_BYTES)
      limitFault(name + " is over " + Limits.MAX_STRING_BYTES + " bytes");
    return length;
  }

  private void readCurrency() {
    int length = readText("currency");
    currency = reader.text();
    boolean capitals = length == 3;
    for (int i = 0; capitals && i < 3; i++) capitals = currency[i] >= 'A' && currency[i] <= 'Z';
    if (!capitals) currencyFault = "currency is not three capitals";
  }

  private boolean readUuid() {
    if (reader.readText() != UUID_LENGTH) return false;
    int at = reader.textStart();
    long bits = 0;
    for (int i = 0; i < UUID_LENGTH; i++) {
      byte c = bytes[at + i];
      if (i == 8 || i == 13 || i == 18 || i == 23) {
        if (c != '-') return false;
        continue;
      }
      int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0) return false;
      bits = bits << 4 | digit;
      if (i == 17) idHigh = bits;
    }
    idLow = bits;
    return true;
  }

  private void limitFault(String fault) {
    if (limitFault == null) limitFault = fault;
  }

  private void quantityFault(String fault) {
    if (quantityFault == null) quantityFault = fault;
  }

  private void amountFault(String fault) {
    if (amountFault == null) amountFault = fault;
  }
}
