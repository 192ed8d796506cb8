package orderup.kit;

import orderup.fold.RawDecoder;
import orderup.fold.SchemaIds;

/**
 * The raw subject's schema ids. A record with an id that is not among them is malformed only if the
 * registry, asked after the record was read, does not know it: a deploy may have just added it. For
 * many threads.
 */
public final class RawIds {
  private final SchemaRegistry registry;
  private volatile SchemaIds ids;

  /** Asks the registry a first time, and waits for it. */
  public RawIds(SchemaRegistry registry) throws InterruptedException {
    this.registry = registry;
    ids = registry.rawIds();
  }

  /** As the registry said when it was asked last. */
  public SchemaIds current() {
    return ids;
  }

  /**
   * Whether this value can be decoded without asking again.
   *
   * @param value of a raw record; may be null
   */
  public boolean knows(byte[] value) {
    if (value == null) return true;
    long id = RawDecoder.frameId(value);
    return id == RawDecoder.NO_FRAME || ids.contains(id);
  }

  /** Asks the registry again, and waits for it as long as it takes. */
  public void refresh() throws InterruptedException {
    ids = registry.rawIds();
  }

  /**
   * What to decode this value with. Asks the registry again, once, if the value's id is not known.
   *
   * @param value of a raw record; may be null
   */
  public SchemaIds idsFor(byte[] value) throws InterruptedException {
    if (!knows(value)) refresh();
    return ids;
  }
}
