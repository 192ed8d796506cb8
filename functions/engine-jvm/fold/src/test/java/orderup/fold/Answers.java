package orderup.fold;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import orderup.fold.SmallestEngine.Answer;
import orderup.fold.SmallestEngine.DeadLetter;
import orderup.fold.SmallestEngine.Duplicate;
import orderup.fold.SmallestEngine.Row;

/**
 * What this fold answers to a log of raw records, for whoever compares it with another one.
 *
 * <p>Arguments: the number of partitions, and the one known schema id. In, a line for each record:
 * partition, key and value, the bytes in hex and null as "-". Out, a line for each: "row" and its
 * value in hex, "duplicate", or "rejected" and the reason.
 */
final class Answers {

  public static void main(String[] args) throws IOException {
    SchemaIds ids = new SchemaIds(Map.of(Long.parseLong(args[1]), Schemas.RAW_VERSION));
    SmallestEngine engine = new SmallestEngine(Integer.parseInt(args[0]), ids);
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split(" ", -1);
      out.println(
          text(engine.answer(bytes(parts[1]), bytes(parts[2]), Integer.parseInt(parts[0]))));
    }
    out.flush();
  }

  private static byte[] bytes(String hex) {
    return hex.equals("-") ? null : HexFormat.of().parseHex(hex);
  }

  private static String text(Answer answer) {
    if (answer instanceof Row row) return "row " + HexFormat.of().formatHex(row.value());
    if (answer instanceof Duplicate) return "duplicate";
    if (answer instanceof DeadLetter letter) return "rejected " + letter.reason().header();
    throw new IllegalArgumentException("no record here is of a newer schema: " + answer);
  }

  private Answers() {}
}
