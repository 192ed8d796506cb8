package orderup.streams;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import orderup.kit.Emf;
import orderup.kit.Emf.Measure;
import orderup.kit.Emf.Unit;
import orderup.kit.Outcome;

/**
 * Takes the engine's metrics to CloudWatch, under the names that all engines have there: what has
 * come since the last line, as a line of embedded metric format, at once and each minute.
 */
final class MetricsExport implements AutoCloseable {
  private final Map<String, String> dimensions;
  private final Committed committed;
  private final LongSupplier restarts;
  private final BooleanSupplier up;
  private final Consumer<String> write;
  private final Map<String, Long> previous = new LinkedHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "metrics");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * @param stack the dimension Stack
   * @param deployment the dimension Worker
   */
  MetricsExport(
      String stack,
      String deployment,
      Committed committed,
      LongSupplier restarts,
      BooleanSupplier up,
      Consumer<String> write) {
    dimensions = new LinkedHashMap<>();
    dimensions.put("Stack", stack);
    dimensions.put("Worker", deployment);
    this.committed = committed;
    this.restarts = restarts;
    this.up = up;
    this.write = write;
  }

  void start() {
    timer.scheduleAtFixedRate(() -> flush(System.currentTimeMillis()), 0, 1, TimeUnit.MINUTES);
  }

  /**
   * @param now epoch milliseconds
   */
  synchronized void flush(long now) {
    Map<String, Measure> metrics = new LinkedHashMap<>();
    metrics.put("Up", new Measure(Unit.COUNT, up.getAsBoolean() ? 1 : 0));
    metrics.put("Applied", since("Applied", committed.total(Outcome.APPLIED)));
    metrics.put("Duplicates", since("Duplicates", committed.total(Outcome.DUPLICATE)));
    metrics.put("DeadLetters", since("DeadLetters", committed.total(Outcome.DEAD_LETTER)));
    metrics.put("LagSeconds", new Measure(Unit.SECONDS, committed.lagSeconds(now)));
    metrics.put("RawToCommittedSeconds", new Measure(Unit.SECONDS, committed.takeWaits()));
    metrics.put("Restarts", since("Restarts", restarts.getAsLong()));
    String line = Emf.line(dimensions, metrics, now);
    if (line != null) write.accept(line);
  }

  private Measure since(String name, long total) {
    Long before = previous.put(name, total);
    return new Measure(Unit.COUNT, total - (before == null ? 0 : before));
  }

  /** With a last line. */
  @Override
  public void close() {
    timer.shutdownNow();
    flush(System.currentTimeMillis());
  }
}
