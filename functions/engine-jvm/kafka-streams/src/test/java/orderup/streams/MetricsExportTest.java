package orderup.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import orderup.kit.Outcome;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsExportTest {
  private final Metrics metrics = new Metrics();
  private final Committed committed = new Committed(true);
  private final PartitionCounts counts = partition(0);
  private final List<String> lines = new ArrayList<>();
  private final MetricsExport export =
      new MetricsExport("prod", "kafka-streams-1", committed, () -> 2, () -> true, lines::add);

  private PartitionCounts partition(int id) {
    return new PartitionCounts(
        id, new StreamsMetricsImpl(metrics, "client", Time.SYSTEM), committed);
  }

  @AfterEach
  void close() {
    metrics.close();
  }

  private JsonNode line(long now) throws Exception {
    export.flush(now);
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }

  @Test
  void aLineSaysWhatHasComeSinceTheLast() throws Exception {
    counts.add(Outcome.APPLIED, 0, 1_000);
    counts.add(Outcome.DUPLICATE, 1, 1_200);
    counts.looked(false, 1_500);
    counts.committed(1_500);

    JsonNode first = line(2_000);

    assertEquals("kafka-streams-1", first.get("Worker").textValue());
    assertEquals(1, first.get("Up").asDouble());
    assertEquals(1, first.get("Applied").asDouble());
    assertEquals(1, first.get("Duplicates").asDouble());
    assertEquals(0, first.get("DeadLetters").asDouble());
    assertEquals(0.5, first.get("RawToCommittedSeconds").asDouble());
    assertEquals(2, first.get("Restarts").asDouble());
    assertEquals(0.8, first.get("LagSeconds").asDouble());

    counts.add(Outcome.DEAD_LETTER, 2, 2_000);
    counts.aborted();
    JsonNode second = line(3_000);

    assertEquals(0, second.get("Applied").asDouble());
    assertEquals(0, second.get("DeadLetters").asDouble());
    assertEquals(0, second.get("Restarts").asDouble());
    assertEquals(null, second.get("RawToCommittedSeconds"));
  }

  @Test
  void theLagIsThatOfThePartitionThatIsFarthestBehind() {
    PartitionCounts other = partition(1);
    counts.looked(true, 10_000);
    assertEquals(Double.NaN, committed.lagSeconds(10_000));
    other.looked(true, 10_000);
    assertEquals(0, committed.lagSeconds(10_000));

    other.add(Outcome.APPLIED, 7, 11_000);
    other.looked(true, 12_000);
    assertEquals(5, committed.lagSeconds(15_000));

    assertEquals(Double.NaN, committed.lagSeconds(40_000));
    other.close();
    counts.looked(true, 40_000);
    assertEquals(0, committed.lagSeconds(40_000));
  }
}
