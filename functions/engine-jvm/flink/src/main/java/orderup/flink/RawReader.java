package orderup.flink;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import orderup.fold.Names;
import orderup.kit.EngineFailure;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * KafkaSource's reader, which knows what to stop for good at: an offset that raw does not hold, and
 * a record of a schema newer than this code. Before the latter it reads no further and lets
 * everything before it be committed, as far as the record, and only then fails the job. That takes
 * two checkpoints: when the second is complete, the transactions of the first have been committed.
 */
final class RawReader implements SourceReader<RawRecord, KafkaPartitionSplit> {
  private static final Logger LOG = LoggerFactory.getLogger(RawReader.class);
  private static final long NONE = Long.MAX_VALUE;

  private final SourceReader<RawRecord, KafkaPartitionSplit> kafka;
  private final OffsetCommits commits;

  /** what to stop for, once all before it is committed */
  private StopsForGood stop;

  /** the first checkpoint that was taken since */
  private long covered = NONE;

  RawReader(SourceReader<RawRecord, KafkaPartitionSplit> kafka, OffsetCommits commits) {
    this.kafka = kafka;
    this.commits = commits;
  }

  @Override
  public InputStatus pollNext(ReaderOutput<RawRecord> output) throws Exception {
    if (stop != null) return InputStatus.NOTHING_AVAILABLE;
    try {
      return kafka.pollNext(output);
    } catch (Exception error) {
      stop = ExceptionUtils.findThrowable(error, StopsForGood.class).orElse(null);
      if (stop == null) throw outOfRangeOr(error);
      LOG.warn(
          "reads no further, and fails when what was read is committed: {}", stop.getMessage());
      return InputStatus.NOTHING_AVAILABLE;
    }
  }

  private static Exception outOfRangeOr(Exception error) {
    Map<TopicPartition, Long> offsets =
        ExceptionUtils.findThrowable(error, OffsetOutOfRangeException.class)
            .map(OffsetOutOfRangeException::offsetOutOfRangePartitions)
            .orElse(Map.of());
    for (var entry : offsets.entrySet())
      return new StopsForGood(outOfRange(entry.getKey().partition(), "offset " + entry.getValue()));
    return error;
  }

  /**
   * @param what as "offset 7" or "the beginning"
   */
  static EngineFailure outOfRange(int partition, String what) {
    return new EngineFailure(
        "OFFSET_OUT_OF_RANGE",
        "%s partition %d does not hold %s".formatted(Names.RAW_TOPIC, partition, what),
        "raw must keep everything (retention.ms=-1); was the topic recreated?");
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return stop == null ? kafka.isAvailable() : new CompletableFuture<>();
  }

  @Override
  public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
    if (stop != null) covered = Math.min(covered, checkpointId);
    List<KafkaPartitionSplit> splits = kafka.snapshotState(checkpointId);
    commits.checkpoint(checkpointId, splits);
    return splits;
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    kafka.notifyCheckpointComplete(checkpointId);
    commits.complete(checkpointId);
    if (checkpointId > covered) throw stop;
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) throws Exception {
    kafka.notifyCheckpointAborted(checkpointId);
  }

  @Override
  public void start() {
    kafka.start();
  }

  @Override
  public void addSplits(List<KafkaPartitionSplit> splits) {
    kafka.addSplits(splits);
  }

  @Override
  public void notifyNoMoreSplits() {
    kafka.notifyNoMoreSplits();
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    kafka.handleSourceEvents(event);
  }

  @Override
  public void pauseOrResumeSplits(
      java.util.Collection<String> pause, java.util.Collection<String> resume) {
    kafka.pauseOrResumeSplits(pause, resume);
  }

  @Override
  public void close() throws Exception {
    commits.close();
    kafka.close();
  }
}
