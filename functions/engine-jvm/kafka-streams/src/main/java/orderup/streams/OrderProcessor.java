package orderup.streams;

import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import orderup.fold.Decoded;
import orderup.fold.Decoded.NewerSchema;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Decoded.Rejected;
import orderup.fold.Fold;
import orderup.fold.OrderState;
import orderup.fold.Outputs;
import orderup.fold.RawDecoder;
import orderup.fold.RowWriter;
import orderup.fold.SchemaIds;
import orderup.fold.StateFormat;
import orderup.kit.EngineFailure;
import orderup.kit.OutHeaders;
import orderup.kit.Outcome;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Folds the records of one raw partition: what a record makes of its order, and where it goes. */
final class OrderProcessor implements Processor<byte[], byte[], byte[], Output> {
  /** Of the state store; it names the changelog topic too. */
  static final String STORE = "orders";

  private final Plan plan;
  private final Outputs outputs;
  private final RawDecoder decoder;
  private final RowWriter rows;
  private final StateFormat states = new StateFormat();
  private ProcessorContext<byte[], Output> context;
  private KeyValueStore<byte[], byte[]> store;
  private PartitionCounts counts;
  private Optional<Set<Integer>> samePartition;

  /**
   * What all tasks share.
   *
   * @param partitions of raw
   * @param ids those that the record at hand is decoded with
   * @param owns whether the deployment writes this key's bucket to curated
   * @param committed is told of what was committed
   */
  record Plan(
      String deployment,
      int partitions,
      long curatedId,
      Supplier<SchemaIds> ids,
      Predicate<byte[]> owns,
      Committed committed) {}

  OrderProcessor(Plan plan) {
    this.plan = plan;
    outputs = new Outputs(plan.deployment);
    decoder = new RawDecoder(plan.partitions);
    rows = new RowWriter(plan.curatedId);
  }

  @Override
  public void init(ProcessorContext<byte[], Output> context) {
    this.context = context;
    store = context.getStateStore(STORE);
    int partition = context.taskId().partition();
    samePartition = Output.to(partition);
    counts = new PartitionCounts(partition, context.metrics(), plan.committed);
    OpenTransaction.ofThisThread().add(counts);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata at = context.recordMetadata().orElseThrow();
    Decoded decoded = decoder.decode(record.key(), record.value(), at.partition(), plan.ids.get());
    if (decoded instanceof OrderEvent event) apply(record, event, at);
    else if (decoded instanceof Rejected rejected) reject(record, rejected, at);
    else throw EngineFailure.newerSchema((NewerSchema) decoded, at.partition(), at.offset());
  }

  @Override
  public void close() {
    counts.close();
  }

  private void apply(Record<byte[], byte[]> record, OrderEvent event, RecordMetadata at) {
    byte[] key = record.key();
    OrderState before = stateOf(key, at);
    OrderState after = Fold.apply(before, event);
    if (after == before) {
      counts.add(Outcome.DUPLICATE, at.offset(), record.timestamp());
      return;
    }
    store.put(key, states.encode(after));
    Headers headers = OutHeaders.ofRow(outputs, at.partition(), at.offset());
    String topic = outputs.rowTopic(plan.owns.test(key));
    forward(record, topic, rows.write(key, after), headers);
    counts.add(Outcome.APPLIED, at.offset(), record.timestamp());
  }

  private OrderState stateOf(byte[] key, RecordMetadata at) {
    byte[] stored = store.get(key);
    if (stored == null) return null;
    try {
      return states.decode(stored);
    } catch (IllegalArgumentException error) {
      throw new EngineFailure(
          "STATE",
          "The order of partition "
              + at.partition()
              + " offset "
              + at.offset()
              + " cannot be folded on",
          "start a new deployment, which folds from the beginning",
          error);
    }
  }

  private void reject(Record<byte[], byte[]> record, Rejected rejected, RecordMetadata at) {
    Headers headers =
        OutHeaders.ofDeadLetter(outputs, record.headers(), rejected, at.partition(), at.offset());
    String topic = outputs.deadLetterTopic(plan.owns.test(record.key()));
    forward(record, topic, record.value(), headers);
    counts.add(Outcome.DEAD_LETTER, at.offset(), record.timestamp());
  }

  private void forward(Record<byte[], byte[]> record, String topic, byte[] value, Headers headers) {
    Output output = new Output(topic, samePartition, value);
    context.forward(new Record<>(record.key(), output, record.timestamp(), headers));
  }
}
