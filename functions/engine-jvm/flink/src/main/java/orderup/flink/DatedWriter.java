package orderup.flink;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;

/** KafkaSink's writer, which remembers when its transaction began. */
final class DatedWriter
    implements StatefulSinkWriter<OutRecord, KafkaWriterState>,
        CommittingSinkWriter<OutRecord, Dated> {

  private final StatefulSinkWriter<OutRecord, KafkaWriterState> kafka;
  private final CommittingSinkWriter<OutRecord, KafkaCommittable> committing;
  private long begunMs = System.currentTimeMillis();

  <
          W extends
              StatefulSinkWriter<OutRecord, KafkaWriterState>
                  & CommittingSinkWriter<OutRecord, KafkaCommittable>>
      DatedWriter(W kafka) {
    this.kafka = kafka;
    committing = kafka;
  }

  @Override
  public void write(OutRecord record, Context context) throws IOException, InterruptedException {
    kafka.write(record, context);
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    kafka.flush(endOfInput);
  }

  @Override
  public Collection<Dated> prepareCommit() throws IOException, InterruptedException {
    List<Dated> prepared =
        committing.prepareCommit().stream().map(one -> new Dated(one, begunMs)).toList();
    begunMs = System.currentTimeMillis();
    return prepared;
  }

  @Override
  public List<KafkaWriterState> snapshotState(long checkpointId) throws IOException {
    return kafka.snapshotState(checkpointId);
  }

  @Override
  public void close() throws Exception {
    kafka.close();
  }
}
