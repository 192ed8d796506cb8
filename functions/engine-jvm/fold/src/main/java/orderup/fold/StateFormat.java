package orderup.fold;

import static orderup.fold.OrderState.NEVER;

import orderup.fold.OrderState.Fact;
import orderup.fold.OrderState.Stamp;

/**
 * The stored form of a state, for a Flink TypeSerializer and a Kafka Streams Serde alike. Reusable;
 * for one thread.
 *
 * <p>Byte 0 is the contract's version: another one's state is refolded from raw, never read. Byte 1
 * is the format's own version, which grows by one with every change of what follows. Every format
 * that was ever released stays readable: a reader reads all up to its own, gives what an older one
 * does not have the value that means "not known", and writes its own. A newer one it refuses: going
 * back needs a savepoint from before. A golden file for each format, in src/test/resources, must be
 * read for ever.
 *
 * <p>Format 1, in Avro's varints and strings (a union of null and T where T?): number of event ids,
 * and each in 16 bytes · first event_ts · last event_ts · status stamp? · customer {text, stamp}? ·
 * currency {text, stamp}? · items {count, amount, stamp}? · shipping {amount, stamp}? · for each
 * rank the latest event_ts? · paid · refunded. A stamp is event_ts, rank, index of the event id.
 * Every time but the first is stored as what it comes after the first, which is shorter.
 */
public final class StateFormat {
  /** The version of what is written here; all up to it are read. */
  public static final int FORMAT = 1;

  private final AvroWriter w = new AvroWriter(512);
  private final AvroReader r = new AvroReader();

  /** The stored form, in an array of its own. */
  public byte[] encode(OrderState state) {
    long first = state.firstTs();
    w.writeByte(Names.CONTRACT_VERSION);
    w.writeByte(FORMAT);
    state.ids().write(w);
    w.writeLong(first);
    w.writeLong(state.lastTs() - first);
    w.writePresent(state.status() != null);
    if (state.status() != null) writeStamp(state.status(), first);
    if (writeBegin(state.customer())) {
      w.writeText(state.customer().value());
      writeStamp(state.customer().by(), first);
    }
    if (writeBegin(state.currency())) {
      w.writeText(state.currency().value());
      writeStamp(state.currency().by(), first);
    }
    if (writeBegin(state.items())) {
      w.writeLong(state.items().value().count());
      w.writeLong(state.items().value().amount());
      writeStamp(state.items().by(), first);
    }
    if (writeBegin(state.shipping())) {
      w.writeLong(state.shipping().value());
      writeStamp(state.shipping().by(), first);
    }
    for (long ts : state.latest()) {
      w.writePresent(ts != NEVER);
      if (ts != NEVER) w.writeLong(ts - first);
    }
    w.writeLong(state.paid());
    w.writeLong(state.refunded());
    return w.take();
  }

  private boolean writeBegin(Fact<?> fact) {
    w.writePresent(fact != null);
    return fact != null;
  }

  private void writeStamp(Stamp by, long first) {
    w.writeLong(by.ts() - first);
    w.writeLong(by.rank());
    w.writeLong(by.id());
  }

  /**
   * The state that these bytes are; it keeps nothing of the array.
   *
   * @throws IllegalArgumentException where they are of another contract, a newer format, or damaged
   */
  public OrderState decode(byte[] bytes) {
    r.reset(bytes, 0);
    try {
      expectVersion("contract version", r.readByte(), Names.CONTRACT_VERSION);
      expectVersion("format", r.readByte(), FORMAT);
      OrderState state = read();
      if (r.remaining() > 0 || r.outOfRange() || r.invalidUtf8())
        throw new NotDecodable("not a state");
      return state;
    } catch (NotDecodable error) {
      throw new IllegalArgumentException(
          "the stored state is damaged: " + error.getMessage(), error);
    }
  }

  private static void expectVersion(String what, int found, int expected) {
    if (found == expected) return;
    throw new IllegalArgumentException(
        "the stored state has "
            + what
            + " "
            + found
            + ", and this code reads "
            + expected
            + ": run the version that wrote it, or start this one as a new deployment");
  }

  private OrderState read() {
    EventIds ids = EventIds.read(r);
    long first = r.readLong();
    long last = first + r.readLong();
    Stamp status = r.readPresent() ? readStamp(first, ids) : null;
    Fact<byte[]> customer = r.readPresent() ? new Fact<>(readText(), readStamp(first, ids)) : null;
    Fact<byte[]> currency = r.readPresent() ? new Fact<>(readText(), readStamp(first, ids)) : null;
    Fact<ItemTotals> items =
        r.readPresent()
            ? new Fact<>(new ItemTotals(r.readInt(), r.readLong()), readStamp(first, ids))
            : null;
    Fact<Long> shipping = r.readPresent() ? new Fact<>(r.readLong(), readStamp(first, ids)) : null;
    long[] latest = new long[EventType.BY_RANK.size()];
    for (int rank = 0; rank < latest.length; rank++)
      latest[rank] = r.readPresent() ? first + r.readLong() : NEVER;
    long paid = r.readLong();
    long refunded = r.readLong();
    return new OrderState(
        ids, status, customer, currency, items, shipping, latest, paid, refunded, first, last);
  }

  private Stamp readStamp(long first, EventIds ids) {
    return new Stamp(
        first + r.readLong(), r.readIndex(EventType.BY_RANK.size()), r.readIndex(ids.count()));
  }

  private byte[] readText() {
    r.readText();
    return r.text();
  }
}
