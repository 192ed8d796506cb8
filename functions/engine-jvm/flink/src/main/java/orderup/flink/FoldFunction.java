package orderup.flink;

import java.util.List;
import orderup.fold.Decoded;
import orderup.fold.Decoded.NewerSchema;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Decoded.Rejected;
import orderup.fold.Fold;
import orderup.fold.OrderState;
import orderup.fold.Outputs;
import orderup.fold.RawDecoder;
import orderup.fold.RowWriter;
import orderup.kit.EngineFailure;
import orderup.kit.OutHeaders;
import orderup.kit.Outcome;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.common.header.Headers;

/**
 * The fold of one key's records: to each its row, its dead letter, or (a duplicate) nothing.
 *
 * <p>The shares are no broadcast state of Flink's, on purpose. A broadcast stream can't be read to
 * its end before the first record, so records would go to where no epoch said; and what a
 * checkpoint gave back would be the epoch of that time, acted on until the newer one came. So each
 * subtask follows the topic itself, as every worker does, and begins only with the newest epoch
 * known.
 */
final class FoldFunction extends KeyedProcessFunction<String, RawRecord, OutRecord>
    implements CheckpointedFunction, CheckpointListener {
  private static final long serialVersionUID = 1L;

  static final DeclaredType<OutRecord> OUT =
      new DeclaredType<>(OutRecord.class, new OutRecordSerializer());

  static final ValueStateDescriptor<OrderState> ORDER =
      new ValueStateDescriptor<>("order", new OrderStateSerializer());

  private final String deployment;
  private final World.Opener opener;

  private transient World world;
  private transient ValueState<OrderState> order;
  private transient RawDecoder decoder;
  private transient RowWriter rows;
  private transient Outputs outputs;
  private transient Accounting accounting;

  /**
   * @param deployment as flink-1
   */
  FoldFunction(String deployment, World.Opener opener) {
    this.deployment = deployment;
    this.opener = opener;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) {}

  @Override
  public void open(OpenContext context) throws Exception {
    order = getRuntimeContext().getState(ORDER);
    outputs = new Outputs(deployment);
    accounting = new Accounting(getRuntimeContext().getMetricGroup());
    world = opener.open(getRuntimeContext().getTaskInfo());
    decoder = new RawDecoder(world.partitions());
    rows = new RowWriter(world.curatedSchemaId());
  }

  @Override
  public void processElement(RawRecord record, Context context, Collector<OutRecord> out)
      throws Exception {
    byte[] key = record.key();
    byte[] value = record.value();
    Decoded decoded = decoder.decode(key, value, record.partition(), world.idsFor(value));
    Outcome outcome;
    if (decoded instanceof OrderEvent event) {
      OrderState before = order.value();
      OrderState after = Fold.apply(before, event);
      outcome = after == before ? Outcome.DUPLICATE : Outcome.APPLIED;
      if (after != before) {
        order.update(after);
        out.collect(row(record, after));
      }
    } else if (decoded instanceof Rejected rejected) {
      outcome = Outcome.DEAD_LETTER;
      out.collect(deadLetter(record, rejected));
    } else {
      // the source stops before such a record, but the registry may have learnt of it since
      NewerSchema newer = (NewerSchema) decoded;
      throw new StopsForGood(EngineFailure.newerSchema(newer, record.partition(), record.offset()));
    }
    accounting.count(record.partition(), outcome);
  }

  private OutRecord row(RawRecord record, OrderState state) {
    byte[] key = record.key();
    Headers headers = OutHeaders.ofRow(outputs, record.partition(), record.offset());
    String topic = outputs.rowTopic(world.owns(key));
    return new OutRecord(topic, record.partition(), key, rows.write(key, state), headers);
  }

  private OutRecord deadLetter(RawRecord record, Rejected rejected) {
    Headers headers =
        OutHeaders.ofDeadLetter(
            outputs, List.of(record.headers()), rejected, record.partition(), record.offset());
    String topic = outputs.deadLetterTopic(world.owns(record.key()));
    return new OutRecord(topic, record.partition(), record.key(), record.value(), headers);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) {
    accounting.checkpoint(context.getCheckpointId());
  }

  /** Also where a failure of the shares ends the job while no record comes to meet it. */
  @Override
  public void notifyCheckpointComplete(long checkpointId) {
    accounting.complete(checkpointId);
    world.check();
  }

  @Override
  public void close() {
    if (world != null) world.close();
  }
}
