package orderup.flink;

import orderup.fold.SchemaIds;
import orderup.kit.EngineConfig;
import orderup.kit.EngineFailure;
import orderup.kit.Partitions;
import orderup.kit.RawIds;
import orderup.kit.SchemaRegistry;
import orderup.kit.SharesFollower;
import org.apache.flink.api.common.TaskInfo;

/** The world of one subtask: its instance in the reports is its index. */
final class KafkaWorld implements World {
  private final int subtask;
  private final int partitions;
  private final long curatedSchemaId;
  private final RawIds rawIds;
  private final SharesFollower shares;

  /**
   * Waits for the registry, Kafka and a first epoch, saying so.
   *
   * @throws StopsForGood where waiting would not help
   */
  static KafkaWorld open(EngineConfig config, TaskInfo info) throws InterruptedException {
    try {
      return new KafkaWorld(config, info);
    } catch (EngineFailure error) {
      throw new StopsForGood(error);
    }
  }

  private KafkaWorld(EngineConfig config, TaskInfo info) throws InterruptedException {
    subtask = info.getIndexOfThisSubtask();
    Progress progress = Progress.INSTANCE;
    progress.waitsFor("the schema registry");
    SchemaRegistry registry = new SchemaRegistry(config.registry());
    rawIds = new RawIds(registry);
    curatedSchemaId = registry.curatedId();
    progress.waitsFor("Kafka");
    partitions = Partitions.ofRaw(config.kafka());
    if (subtask == 0) {
      StaleReports.withdraw(
          config.kafka(), config.deployment(), info.getNumberOfParallelSubtasks());
    }
    progress.waitsFor("the first epoch of the shares");
    shares =
        SharesFollower.start(
            config.kafka(),
            config.deployment(),
            Integer.toString(subtask),
            new SharesFollower.Events() {
              @Override
              public void onEpoch(int epoch) {
                progress.actsOn(subtask, epoch);
              }
            });
    progress.waitsFor("the other tasks");
  }

  @Override
  public int partitions() {
    return partitions;
  }

  @Override
  public long curatedSchemaId() {
    return curatedSchemaId;
  }

  @Override
  public SchemaIds idsFor(byte[] value) throws InterruptedException {
    return rawIds.idsFor(value);
  }

  @Override
  public boolean owns(byte[] key) {
    check();
    return shares.owns(key);
  }

  @Override
  public void check() {
    try {
      shares.check();
    } catch (EngineFailure error) {
      throw new StopsForGood(error);
    }
  }

  @Override
  public void close() {
    Progress.INSTANCE.gone(subtask);
    shares.close();
  }
}
