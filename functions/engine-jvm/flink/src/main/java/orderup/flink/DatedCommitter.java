package orderup.flink;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import orderup.kit.EngineFailure;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * KafkaSink's committer, which does not go on when rows are lost.
 *
 * <p>Flink says "checkpoint complete" before it commits the checkpoint's transactions. Whoever
 * starts from the checkpoint commits them again, and KafkaSink reuses transactional ids, so it may
 * find one that was committed, and begun anew, before the crash: fenced, and nothing is missing. It
 * looks the same when the broker gave the transaction up because nobody committed it in time, and
 * then its rows are lost, while the state says that they were written. KafkaSink can't tell the two
 * apart and goes on. Here the time tells: a broker gives up no transaction before its timeout.
 *
 * <p>What was begun anew under that id before the crash is still open, and KafkaSink, which aborts
 * what an earlier run left open, spares the ids that the checkpoint names. It would end when the id
 * is used again, but a job that goes on with fewer subtasks never uses it, and readers of curated
 * would be held up until the timeout. So it is aborted here.
 */
final class DatedCommitter implements Committer<Dated> {
  private final Committer<KafkaCommittable> kafka;
  private final long timeoutMs;
  private final LongSupplier clock;
  private final Consumer<String> abort;

  /**
   * @param timeoutMs transaction.timeout.ms
   * @param clock epoch milliseconds
   * @param abort whatever is open under a transactional id
   */
  DatedCommitter(
      Committer<KafkaCommittable> kafka,
      long timeoutMs,
      LongSupplier clock,
      Consumer<String> abort) {
    this.kafka = kafka;
    this.timeoutMs = timeoutMs;
    this.clock = clock;
    this.abort = abort;
  }

  /**
   * @throws StopsForGood {@code TRANSACTION_LOST}
   */
  @Override
  public void commit(Collection<CommitRequest<Dated>> requests)
      throws IOException, InterruptedException {
    List<CommitRequest<KafkaCommittable>> watched =
        requests.stream().<CommitRequest<KafkaCommittable>>map(Watched::new).toList();
    kafka.commit(watched);
  }

  private boolean isLost(Dated dated, Throwable why) {
    boolean fenced = why instanceof ProducerFencedException;
    boolean restored = dated.transaction().getProducer().isEmpty();
    return !(fenced && restored && clock.getAsLong() - dated.begunMs() < timeoutMs);
  }

  private EngineFailure lost(Dated dated, Throwable why) {
    Duration age = Duration.ofMillis(clock.getAsLong() - dated.begunMs());
    return new EngineFailure(
        "TRANSACTION_LOST",
        "transaction %s of a completed checkpoint, begun %d s ago, can no longer be committed: its rows are missing from curated, or may be"
            .formatted(dated.transaction().getTransactionalId(), age.toSeconds()),
        "begin as a deployment of a new generation, through shadow, and switch to it; "
            + "see that an engine is never down for longer than TRANSACTION_TIMEOUT_MS",
        why);
  }

  @Override
  public void close() throws Exception {
    kafka.close();
  }

  /** A request as KafkaSink's committer sees it. */
  private final class Watched implements CommitRequest<KafkaCommittable> {
    private final CommitRequest<Dated> request;

    Watched(CommitRequest<Dated> request) {
      this.request = request;
    }

    @Override
    public KafkaCommittable getCommittable() {
      return request.getCommittable().transaction();
    }

    @Override
    public int getNumberOfRetries() {
      return request.getNumberOfRetries();
    }

    @Override
    public void signalFailedWithKnownReason(Throwable why) {
      Dated dated = request.getCommittable();
      if (isLost(dated, why)) throw new StopsForGood(lost(dated, why));
      abort.accept(dated.transaction().getTransactionalId());
      request.signalFailedWithKnownReason(why);
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable why) {
      request.signalFailedWithUnknownReason(why);
    }

    @Override
    public void retryLater() {
      request.retryLater();
    }

    @Override
    public void updateAndRetryLater(KafkaCommittable changed) {
      request.updateAndRetryLater(new Dated(changed, request.getCommittable().begunMs()));
    }

    @Override
    public void signalAlreadyCommitted() {
      request.signalAlreadyCommitted();
    }
  }
}
