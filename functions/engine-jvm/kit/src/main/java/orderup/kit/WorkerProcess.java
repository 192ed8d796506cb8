package orderup.kit;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The life of an engine's process: it ends by itself, fails, or is told to stop. */
public final class WorkerProcess {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerProcess.class);
  private static final int RUNNING = -1;

  /** An engine's work. */
  public interface Work {
    /** Ends by an exception, or when its thread is interrupted and everything is put away. */
    void run() throws Exception;
  }

  /**
   * Runs until the work ends or SIGTERM or SIGINT come. The exit code is 0 where it was stopped, 1
   * where it failed or was not put away in time. Does not return.
   *
   * @param stopDeadlineMs after the signal; then the process exits anyway
   */
  public static void run(int stopDeadlineMs, Work work) {
    Thread worker = Thread.currentThread();
    CountDownLatch ended = new CountDownLatch(1);
    AtomicInteger status = new AtomicInteger(RUNNING);
    Thread hook = new Thread(() -> stop(worker, ended, status, stopDeadlineMs), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      work.run();
    } catch (Throwable error) {
      boolean stopping = isStop(error);
      if (!stopping) LOG.error(EngineFailure.describe(error), error);
      status.compareAndSet(RUNNING, stopping ? 0 : 1);
    }
    status.compareAndSet(RUNNING, 0);
    ended.countDown();
    Runtime.getRuntime().halt(status.get());
  }

  // A hook cannot give an exit code by returning: the JVM's would be 143.
  private static void stop(
      Thread worker, CountDownLatch ended, AtomicInteger status, int deadlineMs) {
    LOG.info("stopping");
    worker.interrupt();
    try {
      if (ended.await(deadlineMs, TimeUnit.MILLISECONDS)) Runtime.getRuntime().halt(status.get());
    } catch (InterruptedException error) {
      // then at once
    }
    LOG.error("not stopped in time, exiting");
    Runtime.getRuntime().halt(1);
  }

  private static boolean isStop(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause())
      if (at instanceof InterruptedException) return true;
    return false;
  }

  private WorkerProcess() {}
}
