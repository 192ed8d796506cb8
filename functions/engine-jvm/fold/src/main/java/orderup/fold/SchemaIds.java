package orderup.fold;

import java.util.Map;

/** The ids that the registry lists for a subject, each with its version there. A value. */
public final class SchemaIds {
  /** of an id that is not the subject's */
  static final int UNKNOWN = 0;

  private final long[] ids;
  private final int[] versions;

  /**
   * @param versionById ids as unsigned 32-bit numbers
   */
  public SchemaIds(Map<Long, Integer> versionById) {
    ids = versionById.keySet().stream().mapToLong(Long::longValue).sorted().toArray();
    versions = new int[ids.length];
    for (int i = 0; i < ids.length; i++) versions[i] = versionById.get(ids[i]);
  }

  /** The version of an id, from 1; {@link #UNKNOWN} where it is not the subject's. */
  int versionOf(long id) {
    for (int i = 0; i < ids.length; i++) if (ids[i] == id) return versions[i];
    return UNKNOWN;
  }

  /** Whether this id is the subject's. */
  public boolean contains(long id) {
    return versionOf(id) != UNKNOWN;
  }
}
