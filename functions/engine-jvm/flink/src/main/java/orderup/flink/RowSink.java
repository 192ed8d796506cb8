package orderup.flink;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.kafka.clients.admin.Admin;

/**
 * KafkaSink, which dates its transactions: KafkaSink goes on, with a line in the log, when a
 * transaction that it should commit is no more. See {@link DatedCommitter} for when that is loss.
 */
record RowSink(KafkaSink<OutRecord> kafka, Settings settings)
    implements Sink<OutRecord>,
        SupportsWriterState<OutRecord, KafkaWriterState>,
        SupportsCommitter<Dated> {

  @Override
  public DatedWriter createWriter(WriterInitContext context) throws IOException {
    return new DatedWriter(kafka.createWriter(context));
  }

  @Override
  public StatefulSinkWriter<OutRecord, KafkaWriterState> restoreWriter(
      WriterInitContext context, Collection<KafkaWriterState> states) throws IOException {
    return new DatedWriter(kafka.restoreWriter(context, states));
  }

  @Override
  public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
    return kafka.getWriterStateSerializer();
  }

  @Override
  public Committer<Dated> createCommitter(CommitterInitContext context) throws IOException {
    Committer<KafkaCommittable> committer = kafka.createCommitter(context);
    return new DatedCommitter(
        committer,
        settings.engine().transactionTimeoutMs(),
        System::currentTimeMillis,
        this::abort);
  }

  private void abort(String transactionalId) {
    try (Admin admin = Admin.create(settings.engine().kafka())) {
      admin.fenceProducers(List.of(transactionalId)).all().get();
    } catch (ExecutionException error) {
      throw new IllegalStateException("cannot abort " + transactionalId, error.getCause());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped while aborting " + transactionalId, stopped);
    }
  }

  @Override
  public SimpleVersionedSerializer<Dated> getCommittableSerializer() {
    return new Dated.Serializer(kafka.getCommittableSerializer());
  }
}
