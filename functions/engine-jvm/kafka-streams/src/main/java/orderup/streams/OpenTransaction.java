package orderup.streams;

import java.util.HashMap;
import java.util.Map;

/**
 * What the tasks of one stream thread have counted since its last commit: with exactly_once_v2 a
 * thread has one producer, and all of its tasks are committed at once.
 */
final class OpenTransaction {
  private static final ThreadLocal<OpenTransaction> OF_THREAD =
      ThreadLocal.withInitial(OpenTransaction::new);

  private final Map<Integer, PartitionCounts> partitions = new HashMap<>();

  /** That of the stream thread that calls. */
  static OpenTransaction ofThisThread() {
    return OF_THREAD.get();
  }

  /** A task begins; it takes the place of an earlier one of its partition. */
  void add(PartitionCounts counts) {
    partitions.put(counts.partition(), counts);
  }

  void committed() {
    long now = System.currentTimeMillis();
    for (PartitionCounts counts : partitions.values()) counts.committed(now);
    partitions.values().removeIf(PartitionCounts::isClosed);
  }

  void aborted() {
    for (PartitionCounts counts : partitions.values()) counts.aborted();
    partitions.values().removeIf(PartitionCounts::isClosed);
  }

  /** The end of a partition was seen: {@link PartitionCounts#looked}. */
  void looked(int partition, boolean allRead) {
    PartitionCounts counts = partitions.get(partition);
    if (counts != null) counts.looked(allRead, System.currentTimeMillis());
  }

  /** Whether everything up to this offset of a partition was committed by this thread. */
  boolean isCommitted(int partition, long offset) {
    PartitionCounts counts = partitions.get(partition);
    return counts != null && counts.isCommitted(offset);
  }
}
