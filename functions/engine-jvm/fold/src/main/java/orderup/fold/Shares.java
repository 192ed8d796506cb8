package orderup.fold;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One epoch of who writes what: a value of the shares topic. A deployment owns the buckets of its
 * ranges, both ends included; in an overlap a bucket has two owners. The swap in progress is no
 * worker's business.
 */
public final class Shares {
  /** The one key of the shares topic. */
  public static final String KEY = "shares";

  private static final Pattern DEPLOYMENT =
      Pattern.compile("(" + String.join("|", Names.ENGINES) + ")-[1-9][0-9]*");
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final int epoch;
  private final Map<String, boolean[]> owned;

  private Shares(int epoch, Map<String, boolean[]> owned) {
    this.epoch = epoch;
    this.owned = owned;
  }

  /**
   * @throws IllegalArgumentException where this is no epoch: going on with an older one would be a
   *     guess
   */
  public static Shares parse(byte[] value) {
    JsonNode record;
    try {
      record = JSON.readTree(value);
    } catch (IOException error) {
      throw new IllegalArgumentException("not an epoch: " + error.getMessage(), error);
    }
    JsonNode epoch = record.path("epoch");
    expect(epoch.isInt() && epoch.intValue() >= 1, "epoch is an int of at least 1", epoch);
    JsonNode shares = record.path("shares");
    expect(shares.isObject(), "shares is an object", shares);
    Map<String, boolean[]> owned = new HashMap<>();
    for (var share : shares.properties()) {
      expect(
          DEPLOYMENT.matcher(share.getKey()).matches(),
          share.getKey() + " is a deployment",
          shares);
      owned.put(share.getKey(), buckets(share.getValue()));
    }
    return new Shares(epoch.intValue(), owned);
  }

  private static boolean[] buckets(JsonNode ranges) {
    expect(ranges.isArray(), "a share is an array of ranges", ranges);
    boolean[] owned = new boolean[Partitioner.BUCKETS];
    for (JsonNode range : ranges) {
      expect(range.isArray() && range.size() == 2, "a range is two buckets", range);
      int from = bucket(range.get(0));
      int to = bucket(range.get(1));
      expect(from <= to, "a range ends where it starts or later", range);
      for (int i = from; i <= to; i++) owned[i] = true;
    }
    return owned;
  }

  private static int bucket(JsonNode node) {
    boolean valid = node.isInt() && node.intValue() >= 0 && node.intValue() < Partitioner.BUCKETS;
    expect(valid, "a bucket is an int of 0 to " + (Partitioner.BUCKETS - 1), node);
    return node.intValue();
  }

  private static void expect(boolean condition, String rule, JsonNode found) {
    if (!condition)
      throw new IllegalArgumentException("not an epoch: " + rule + ", found " + found);
  }

  public int epoch() {
    return epoch;
  }

  /** Which of the 100 buckets a deployment owns, by index; an array of the caller's own. */
  public boolean[] ownedBy(String deployment) {
    boolean[] buckets = owned.get(deployment);
    return buckets == null ? new boolean[Partitioner.BUCKETS] : buckets.clone();
  }

  /** The key of the reports topic for one instance of a deployment. */
  public static String reportKey(String deployment, String instance) {
    return deployment + "/" + instance;
  }

  /** What an instance says of the epoch that it acts on: the value of the reports topic. */
  public byte[] report(String deployment, String instance) {
    return JSON.createObjectNode()
        .put("deployment", deployment)
        .put("instance", instance)
        .put("epoch", epoch)
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }
}
