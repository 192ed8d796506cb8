import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * Runs another main class for as long as whoever started it lives: standard input is a pipe that the parent holds
 * open, so its end comes with the parent's, also after kill -9, and needs no guard process in between.
 */
public final class Leash {
  private static final long SHUTDOWN_MS = 10_000;

  public static void main(String[] args) throws Throwable {
    Thread leash = new Thread(Leash::exitAtEndOfInput, "leash");
    leash.setDaemon(true);
    leash.start();
    try {
      Class.forName(args[0])
          .getMethod("main", String[].class)
          .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static void exitAtEndOfInput() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException closed) {
      // as good as its end
    }
    Thread deadline = new Thread(Leash::haltAfterDeadline, "leash-deadline");
    deadline.setDaemon(true);
    deadline.start();
    System.exit(1);
  }

  /** Shutdown hooks run at exit, and one that hangs must not keep an orphan. */
  private static void haltAfterDeadline() {
    try {
      Thread.sleep(SHUTDOWN_MS);
    } catch (InterruptedException e) {
      // then at once
    }
    Runtime.getRuntime().halt(1);
  }
}
