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

  /**
   * What to decode this value with. Asks the registry again, once, if the value's id is not known.
   *
   * @param value of a raw record; may be null
   */
  public SchemaIds idsFor(byte[] value) throws InterruptedException {
    SchemaIds known = ids;
    if (value == null) return known;
    long id = RawDecoder.frameId(value);
    if (id == RawDecoder.NO_FRAME || known.contains(id)) return known;
    SchemaIds asked = registry.rawIds();
    ids = asked;
    return asked;
  }
}
