package orderup.fold;

import java.util.List;

/**
 * Names that producers, engines and sinks agree on. They are part of the contract: never rename
 * one. The other copy is schemas/src/names.ts; NamesTest holds the two together.
 */
public final class Names {
  public static final String RAW_TOPIC = "orders.events.raw";
  public static final String CURATED_TOPIC = "orders.orders.curated";
  public static final String DLQ_TOPIC = "orders.events.dlq";
  public static final String SHARES_TOPIC = "orders.engine.shares";
  public static final String REPORTS_TOPIC = "orders.engine.reports";

  public static final String RAW_SUBJECT = RAW_TOPIC + "-value";
  public static final String CURATED_SUBJECT = CURATED_TOPIC + "-value";

  /** The consumer group in which the sink reads curated. */
  public static final String SINK_GROUP = "order-up.sink";

  /** Begins the throw-away groups of whoever only reads. */
  public static final String READ_GROUP_PREFIX = "order-up.read.";

  /** The one transactional id that writes epochs. */
  public static final String CONTROL_TRANSACTIONAL_ID = "order-up.control";

  public static final List<String> ENGINES = List.of("node", "flink", "kafka-streams");

  /** Headers of a curated row. Values are UTF-8; numbers are decimal. */
  public static final class RowHeaders {
    public static final String ENGINE = "engine";
    public static final String PARTITION = "raw-partition";
    public static final String OFFSET = "raw-offset";

    private RowHeaders() {}
  }

  /** Headers that a dead letter adds to those of the raw record. */
  public static final class DlqHeaders {
    public static final String REASON = "dlq-reason";
    public static final String DETAIL = "dlq-detail";
    public static final String TOPIC = "dlq-topic";
    public static final String PARTITION = "dlq-partition";
    public static final String OFFSET = "dlq-offset";
    public static final String ENGINE = "dlq-engine";

    private DlqHeaders() {}
  }

  /** Marks what the swap copied from a shadow topic to where it belongs; its value is the epoch. */
  public static final String FILLED_HEADER = "order-up-filled";

  /**
   * The version of the rules in this module (fold, checks): state, snapshots and verdicts carry it.
   */
  public static final int CONTRACT_VERSION = 1;

  /** Where a deployment writes the rows of buckets that it does not own. */
  public static String shadowTopic(String deployment) {
    return "orders.orders.shadow." + deployment;
  }

  /** Where a deployment writes the dead letters of buckets that it does not own. */
  public static String shadowDlqTopic(String deployment) {
    return "orders.events.dlq.shadow." + deployment;
  }

  /** The consumer group in which a deployment reads raw. */
  public static String engineGroup(String deployment) {
    return "order-up.engine." + deployment;
  }

  /**
   * Where a deployment on Kafka Streams keeps its state: Streams itself makes the name of group and
   * store ({@code orders}).
   */
  public static String changelogTopic(String deployment) {
    return "order-up.engine." + deployment + "-orders-changelog";
  }

  /**
   * Begins every transactional id of a deployment (but Kafka Streams begins them with its consumer
   * group).
   */
  public static String transactionalIdPrefix(String deployment) {
    return deployment + "-";
  }

  private Names() {}
}
