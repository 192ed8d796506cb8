package orderup.fold;

import java.util.zip.CRC32;

/** Where a key belongs. */
public final class Partitioner {
  public static final int BUCKETS = 100;

  /** Kafka's default partition of a key: murmur2, sign bit cleared, mod n. */
  public static int partitionOf(byte[] key, int partitions) {
    return (murmur2(key) & 0x7fffffff) % partitions;
  }

  /**
   * The bucket 0…99 by which shares are given to deployments; of a dead letter, by its raw key
   * (null = empty).
   */
  public static int bucketOf(byte[] key) {
    if (key == null) return 0;
    CRC32 crc = new CRC32();
    crc.update(key);
    return (int) (crc.getValue() % BUCKETS);
  }

  /**
   * Kafka's hash of a key (Utils.murmur2 in kafka-clients, on which this module does not depend).
   */
  static int murmur2(byte[] key) {
    final int m = 0x5bd1e995;
    int length = key.length;
    int h = 0x9747b28c ^ length;
    int i = 0;
    for (; i + 4 <= length; i += 4) {
      int k =
          key[i] & 0xff | (key[i + 1] & 0xff) << 8 | (key[i + 2] & 0xff) << 16 | key[i + 3] << 24;
      k *= m;
      h = h * m ^ (k ^ k >>> 24) * m;
    }
    int rest = length - i;
    if (rest == 3) h ^= (key[i + 2] & 0xff) << 16;
    if (rest >= 2) h ^= (key[i + 1] & 0xff) << 8;
    if (rest >= 1) h = (h ^ key[i] & 0xff) * m;
    h = (h ^ h >>> 13) * m;
    return h ^ h >>> 15;
  }

  private Partitioner() {}
}
