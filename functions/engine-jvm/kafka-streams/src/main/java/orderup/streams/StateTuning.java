package orderup.streams;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * RocksDB for many small orders that are read and written again and again. There is one store for
 * each raw partition, and Kafka Streams' default is about 100 MB for each: here all of them share
 * one bound, whatever the number of partitions.
 */
public final class StateTuning implements RocksDBConfigSetter {
  private static final long MAX_BYTES = 1L << 30;

  static {
    RocksDB.loadLibrary();
  }

  /** Of the process: a quarter of the memory that it may have, beside the heap; at most 1 GiB. */
  private static final Cache CACHE = new LRUCache(Math.min(MAX_BYTES, memory() / 4));

  /** Half of that may be what is not written to files yet. */
  private static final WriteBufferManager WRITE_BUFFERS =
      new WriteBufferManager(Math.min(MAX_BYTES, memory() / 4) / 2, CACHE);

  /** Of the container, where there is one. */
  private static long memory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  @Override
  public void setConfig(String storeName, Options options, Map<String, Object> configs) {
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(CACHE);
    table.setCacheIndexAndFilterBlocks(true);
    options.setTableFormatConfig(table);
    options.setWriteBufferSize(32L << 20);
    options.setWriteBufferManager(WRITE_BUFFERS);
  }

  @Override
  public void close(String storeName, Options options) {}
}
