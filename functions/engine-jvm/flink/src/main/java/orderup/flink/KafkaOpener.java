package orderup.flink;

import org.apache.flink.api.common.TaskInfo;

/** Finds the world by the job's settings. */
record KafkaOpener(Settings settings) implements World.Opener {
  @Override
  public World open(TaskInfo subtask) throws InterruptedException {
    return KafkaWorld.open(settings.engine(), subtask);
  }
}
