package orderup.flink;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import orderup.kit.Outcome;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * Counts what one subtask's raw records became, once the checkpoint that covers them is complete:
 * what a failure takes back was never counted. For the subtask's thread.
 */
final class Accounting {
  private final Counter[] counters = new Counter[Outcome.values().length];
  private final NavigableMap<Long, Map<Integer, long[]>> inCheckpoints = new TreeMap<>();
  private Map<Integer, long[]> sinceCheckpoint = new HashMap<>();

  /** The counters are called {@code outcome.<outcome>.records}. */
  Accounting(MetricGroup group) {
    for (Outcome outcome : Outcome.values())
      counters[outcome.ordinal()] = group.addGroup("outcome", outcome.label()).counter("records");
  }

  void count(int partition, Outcome outcome) {
    long[] counts = sinceCheckpoint.get(partition);
    if (counts == null) sinceCheckpoint.put(partition, counts = new long[counters.length]);
    counts[outcome.ordinal()]++;
  }

  void checkpoint(long id) {
    inCheckpoints.put(id, sinceCheckpoint);
    sinceCheckpoint = new HashMap<>();
  }

  /** This checkpoint is complete, and with it what those before it cover. */
  void complete(long id) {
    NavigableMap<Long, Map<Integer, long[]>> done = inCheckpoints.headMap(id, true);
    for (Map<Integer, long[]> counts : done.values()) {
      Progress.INSTANCE.committed(counts);
      for (long[] ofPartition : counts.values())
        for (int i = 0; i < counters.length; i++) counters[i].inc(ofPartition[i]);
    }
    done.clear();
  }
}
