package orderup.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import orderup.fold.SchemaIds;
import orderup.fold.Vectors;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.kafka.common.header.Header;

/** The fold as an operator of Flink's, alone: no broker, no registry, no cluster. */
final class FoldRun implements AutoCloseable {
  static final long CURATED_ID = 0x11121314L;

  /** Whether the deployment owns the buckets of all keys. */
  static volatile boolean owned = true;

  /** What {@link World#check} throws; null = nothing. */
  static volatile StopsForGood failure;

  private static final Header[] NO_HEADERS = {};

  private final KeyedOneInputStreamOperatorTestHarness<String, RawRecord, OutRecord> harness;
  private int taken;
  private long next;

  /**
   * @param restored null = from the beginning
   */
  FoldRun(int partitions, OperatorSubtaskState restored) throws Exception {
    owned = true;
    failure = null;
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new KeyedProcessOperator<>(
                new FoldFunction("flink-1", subtask -> new KnownWorld(partitions))),
            new RawKey(),
            Types.STRING);
    harness.getExecutionConfig().enableObjectReuse();
    harness.setup(new OutRecordSerializer());
    if (restored != null) harness.initializeState(restored);
    harness.open();
  }

  private record KnownWorld(int partitions) implements World {
    @Override
    public long curatedSchemaId() {
      return CURATED_ID;
    }

    @Override
    public SchemaIds idsFor(byte[] value) {
      return Vectors.IDS;
    }

    @Override
    public boolean owns(byte[] key) {
      return owned;
    }

    @Override
    public void check() {
      if (failure != null) throw failure;
    }

    @Override
    public void close() {}
  }

  /** What one record becomes: nothing, or one record out. Its offset is that of the log so far. */
  List<OutRecord> send(int partition, byte[] key, byte[] value, Header... headers)
      throws Exception {
    RawRecord record =
        new RawRecord(partition, next++, key, value, headers.length == 0 ? NO_HEADERS : headers);
    harness.processElement(new StreamRecord<>(record));
    List<OutRecord> out = new ArrayList<>();
    List<StreamRecord<? extends OutRecord>> all = harness.extractOutputStreamRecords();
    for (; taken < all.size(); taken++) out.add(all.get(taken).getValue());
    return out;
  }

  /** As if the key had never been seen. */
  void forget(byte[] key) throws Exception {
    if (key == null) return;
    AbstractStreamOperator<OutRecord> operator =
        (AbstractStreamOperator<OutRecord>) harness.getOneInputOperator();
    operator.setCurrentKey(new RawKey().getKey(new RawRecord(0, 0, key, null, NO_HEADERS)));
    operator
        .getKeyedStateBackend()
        .getPartitionedState(
            VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, FoldFunction.ORDER)
        .clear();
  }

  OperatorSubtaskState snapshot(long checkpointId) throws Exception {
    return harness.snapshot(checkpointId, 0);
  }

  void complete(long checkpointId) throws Exception {
    harness.notifyOfCompletedCheckpoint(checkpointId);
  }

  /** As "name=value name=value", in their order. */
  static String text(Iterable<Header> headers) {
    List<String> all = new ArrayList<>();
    for (Header header : headers)
      all.add(
          header.key() + "=" + (header.value() == null ? null : new String(header.value(), UTF_8)));
    return String.join(" ", all);
  }

  @Override
  public void close() throws Exception {
    harness.close();
  }
}
