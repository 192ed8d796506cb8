import java.nio.file.Files;
import java.nio.file.Path;

/** Kafka's own format tool on a folder without data, then Kafka, in one JVM: that saves the first start a second. */
public final class Broker {
  /** @param args the properties file, its log.dirs, and the cluster id for a folder that has none */
  public static void main(String[] args) {
    // written last and atomically, so a format that was killed is done again
    if (!Files.exists(Path.of(args[1], "meta.properties"))) {
      // in one word: an id may begin with a dash
      String[] format = {"format", "--config=" + args[0], "--cluster-id=" + args[2]};
      if (kafka.tools.StorageTool.execute(format, System.out) != 0) System.exit(1);
    }
    kafka.Kafka.main(new String[] {args[0]});
  }
}
