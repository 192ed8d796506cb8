package orderup.fold;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.function.BiConsumer;
import orderup.fold.Decoded.Rejected;
import orderup.fold.Names.DlqHeaders;
import orderup.fold.Names.RowHeaders;

/**
 * Where a deployment writes, and under which headers. The bucket of the record's key ({@link
 * Partitioner#bucketOf}) says whether it is owned; key and partition are those of the raw record,
 * and a dead letter keeps its value too.
 */
public final class Outputs {
  /** What a dead letter must lose of its raw record's headers before its own are added. */
  public static final List<String> DEAD_LETTER_HEADERS =
      List.of(
          DlqHeaders.REASON,
          DlqHeaders.DETAIL,
          DlqHeaders.TOPIC,
          DlqHeaders.PARTITION,
          DlqHeaders.OFFSET,
          DlqHeaders.ENGINE);

  private static final byte[] RAW_TOPIC = Names.RAW_TOPIC.getBytes(UTF_8);

  private final byte[] engine;
  private final String shadowTopic;
  private final String shadowDlqTopic;

  /**
   * @param deployment as flink-1
   */
  public Outputs(String deployment) {
    engine = deployment.getBytes(UTF_8);
    shadowTopic = Names.shadowTopic(deployment);
    shadowDlqTopic = Names.shadowDlqTopic(deployment);
  }

  public String rowTopic(boolean owned) {
    return owned ? Names.CURATED_TOPIC : shadowTopic;
  }

  public String deadLetterTopic(boolean owned) {
    return owned ? Names.DLQ_TOPIC : shadowDlqTopic;
  }

  /**
   * @param add as Kafka's Headers::add
   */
  public void rowHeaders(int partition, long offset, BiConsumer<String, byte[]> add) {
    add.accept(RowHeaders.ENGINE, engine);
    add.accept(RowHeaders.PARTITION, decimal(partition));
    add.accept(RowHeaders.OFFSET, decimal(offset));
  }

  /**
   * The headers that come after the raw record's own, without those named in {@link
   * #DEAD_LETTER_HEADERS}.
   *
   * @param add as Kafka's Headers::add
   */
  public void deadLetterHeaders(
      Rejected rejected, int partition, long offset, BiConsumer<String, byte[]> add) {
    add.accept(DlqHeaders.REASON, rejected.reason().header().getBytes(UTF_8));
    add.accept(DlqHeaders.DETAIL, rejected.detail().getBytes(UTF_8));
    add.accept(DlqHeaders.TOPIC, RAW_TOPIC);
    add.accept(DlqHeaders.PARTITION, decimal(partition));
    add.accept(DlqHeaders.OFFSET, decimal(offset));
    add.accept(DlqHeaders.ENGINE, engine);
  }

  private static byte[] decimal(long number) {
    return Long.toString(number).getBytes(UTF_8);
  }
}
