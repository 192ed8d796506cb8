package orderup.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharesTest {

  private static Shares parse(String json) {
    return Shares.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static List<Integer> owned(Shares shares, String deployment) {
    boolean[] owned = shares.ownedBy(deployment);
    return IntStream.range(0, owned.length).filter(bucket -> owned[bucket]).boxed().toList();
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  @Test
  void rangesHoldBothTheirEndsAndMayOverlap() {
    Shares shares =
        parse(
            "{'epoch': 2, 'shares': {'node-1': [[10, 99]], 'flink-1': [[0, 3], [2, 4], [9, 9]]},"
                + " 'swap': {'to': 'flink-1'}}");
    assertEquals(2, shares.epoch());
    assertEquals(range(10, 99), owned(shares, "node-1"));
    assertEquals(List.of(0, 1, 2, 3, 4, 9), owned(shares, "flink-1"));
    assertEquals(List.of(), owned(shares, "kafka-streams-1"));
  }

  @Test
  void whatACallerDoesToItsBucketsChangesNothing() {
    Shares shares = parse("{'epoch': 1, 'shares': {'flink-1': [[0, 99]]}}");
    shares.ownedBy("flink-1")[0] = false;
    assertEquals(range(0, 99), owned(shares, "flink-1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{'shares': {}}",
        "{'epoch': 0, 'shares': {}}",
        "{'epoch': 1.5, 'shares': {}}",
        "{'epoch': '1', 'shares': {}}",
        "{'epoch': 1}",
        "{'epoch': 1, 'shares': []}",
        "{'epoch': 1, 'shares': {'spark-1': []}}",
        "{'epoch': 1, 'shares': {'flink-0': []}}",
        "{'epoch': 1, 'shares': {'flink-1': [0]}}",
        "{'epoch': 1, 'shares': {'flink-1': [[0]]}}",
        "{'epoch': 1, 'shares': {'flink-1': [[0, 1, 2]]}}",
        "{'epoch': 1, 'shares': {'flink-1': [[0, 100]]}}",
        "{'epoch': 1, 'shares': {'flink-1': [[-1, 0]]}}",
        "{'epoch': 1, 'shares': {'flink-1': [[0, 1.5]]}}",
        "{'epoch': 1, 'shares': {'flink-1': [[2, 1]]}}",
        "{'epoch': 1, 'shares': {}} {}",
      })
  void whatIsNoEpochIsRefused(String json) {
    assertThrows(IllegalArgumentException.class, () -> parse(json));
  }

  @Test
  void aReportNamesTheInstanceAndTheEpoch() {
    Shares shares = parse("{'epoch': 7, 'shares': {}}");
    assertEquals("flink-1/a", Shares.reportKey("flink-1", "a"));
    assertEquals(
        "{\"deployment\":\"flink-1\",\"instance\":\"a\",\"epoch\":7}",
        new String(shares.report("flink-1", "a"), StandardCharsets.UTF_8));
  }
}
