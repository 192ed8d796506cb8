package orderup.streams;

/** What the engine itself shows over JMX, beside Kafka Streams' own beans. */
public interface EngineMXBean {
  /** Epoch of the shares that this worker acts on; 0 = none yet. */
  int getEpoch();

  /** Stream threads that have failed and were replaced. */
  long getRestarts();
}
