package orderup.flink;

import java.io.Serializable;
import orderup.fold.SchemaIds;
import org.apache.flink.api.common.TaskInfo;

/** What the fold has to know beside the records, from the registry and from Kafka. */
interface World extends AutoCloseable {
  /** Of the raw topic. */
  int partitions();

  /** Of this code's curated schema. */
  long curatedSchemaId();

  /** What to decode this value with. */
  SchemaIds idsFor(byte[] value) throws InterruptedException;

  /** Whether this deployment writes the key's bucket to curated. */
  boolean owns(byte[] key);

  /** Throws what has made going on wrong, if anything has. */
  void check();

  @Override
  void close();

  /** How a subtask finds its world. */
  interface Opener extends Serializable {
    /** Waits until everything is known, in any order of starts. */
    World open(TaskInfo subtask) throws Exception;
  }
}
