package orderup.flink;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import orderup.kit.Outcome;

/**
 * What the subtasks in this JVM are doing, for {@link LocalFlink} to show: it runs in the same one.
 * On a cluster nobody looks, and Flink's own metrics say it.
 */
final class Progress {
  static final Progress INSTANCE = new Progress();

  /** what one raw partition's records became, in the order of {@link Outcome} */
  private final Map<Integer, long[]> committed = new TreeMap<>();

  private final Map<Integer, Integer> epochs = new ConcurrentHashMap<>();
  private volatile String waitingFor = "start";

  /** In the words of /healthz. */
  void waitsFor(String what) {
    waitingFor = what;
  }

  String waitingFor() {
    return waitingFor;
  }

  void actsOn(int subtask, int epoch) {
    epochs.put(subtask, epoch);
  }

  void gone(int subtask) {
    epochs.remove(subtask);
  }

  /** The oldest epoch that a subtask acts on; 0 where none does. */
  int epoch() {
    return epochs.values().stream().mapToInt(Integer::intValue).min().orElse(0);
  }

  /** Adds what a completed checkpoint covers. */
  synchronized void committed(Map<Integer, long[]> counts) {
    counts.forEach(
        (partition, more) -> {
          long[] sum = committed.computeIfAbsent(partition, none -> new long[more.length]);
          for (int i = 0; i < more.length; i++) sum[i] += more[i];
        });
  }

  /** By partition, in the order of {@link Outcome}; a copy. */
  synchronized Map<Integer, long[]> committed() {
    Map<Integer, long[]> copy = new TreeMap<>();
    committed.forEach((partition, counts) -> copy.put(partition, counts.clone()));
    return copy;
  }

  private Progress() {}
}
