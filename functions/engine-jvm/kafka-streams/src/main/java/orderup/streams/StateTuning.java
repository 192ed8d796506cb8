package orderup.streams;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.Options;

/**
 * RocksDB for many small orders that are read and written again and again. There is one store for
 * each raw partition.
 */
public final class StateTuning implements RocksDBConfigSetter {
  @Override
  public void setConfig(String storeName, Options options, Map<String, Object> configs) {
    options.setWriteBufferSize(32L << 20);
  }

  @Override
  public void close(String storeName, Options options) {}
}
