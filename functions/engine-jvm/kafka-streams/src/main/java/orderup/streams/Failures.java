package orderup.streams;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import orderup.kit.EngineFailure;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what follows from the death of a stream thread: a new one, unless the cause is terminal
 * or threads die so often that a new one will not do.
 */
final class Failures implements StreamsUncaughtExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
  private static final int MAX_DEATHS = 10;
  private static final Duration WITHIN = Duration.ofMinutes(5);

  private final CompletableFuture<Void> failed = new CompletableFuture<>();
  private final Deque<Long> deaths = new ArrayDeque<>();
  private long replaced;

  static EngineFailure outOfRange(TopicPartition partition, long offset, long low, long high) {
    return new EngineFailure(
        "OFFSET_OUT_OF_RANGE",
        partition.topic()
            + " partition "
            + partition.partition()
            + " holds offsets "
            + low
            + " to "
            + high
            + ", not offset "
            + offset,
        "raw must keep everything (retention.ms=-1); was the topic recreated?");
  }

  @Override
  public synchronized StreamThreadExceptionResponse handle(Throwable error) {
    if (EngineFailure.in(error) != null || error instanceof Error) return end(error);
    long now = System.nanoTime();
    deaths.addLast(now);
    while (now - deaths.getFirst() > WITHIN.toNanos()) deaths.removeFirst();
    if (deaths.size() > MAX_DEATHS)
      return end(
          new EngineFailure(
              "STREAM_THREADS",
              deaths.size()
                  + " stream threads have failed within "
                  + WITHIN.toMinutes()
                  + " minutes",
              "see the cause",
              error));
    replaced++;
    LOG.warn("a stream thread has failed and is replaced: {}", EngineFailure.describe(error));
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  private StreamThreadExceptionResponse end(Throwable error) {
    fail(error);
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  /** The engine must stop; the first cause counts. */
  void fail(Throwable error) {
    failed.completeExceptionally(error);
  }

  /** How many stream threads were replaced. */
  synchronized long replaced() {
    return replaced;
  }

  /** Waits for a failure, and throws it. */
  void await() throws InterruptedException {
    try {
      failed.get();
    } catch (ExecutionException error) {
      EngineFailure failure = EngineFailure.in(error);
      if (failure != null) throw failure;
      throw new IllegalStateException("Kafka Streams has failed", error.getCause());
    }
  }
}
