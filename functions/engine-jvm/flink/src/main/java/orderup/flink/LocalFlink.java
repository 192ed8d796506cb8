package orderup.flink;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import orderup.flink.StateDir.Snapshot;
import orderup.kit.EntryPoint;
import orderup.kit.HealthServer;
import orderup.kit.HealthServer.Health;
import orderup.kit.LogSetup;
import orderup.kit.WorkerProcess;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job and a whole Flink cluster in one JVM. It goes on from the newest checkpoint or savepoint
 * in STATE_DIR; told to stop, it takes a savepoint there. Its own port has /healthz, /livez and
 * /metrics; Flink's REST API and web page have REST_PORT.
 */
public final class LocalFlink {
  private static final long LOOK_MS = 200;

  private final Logger log = LoggerFactory.getLogger(LocalFlink.class);
  private final Settings settings;
  private volatile boolean running;
  private volatile String webPage;

  public static void main(String[] args) throws IOException {
    Settings settings =
        EntryPoint.settingsOrExit(
            () ->
                FlinkEngine.settings(
                    Sources.merge(args, System.getenv(), Sources.APPLICATION_PROPERTIES)));
    LogSetup.apply("engine-flink", settings.engine().logLevel());
    WorkerProcess.run(settings.engine().stopDeadlineMs(), () -> new LocalFlink(settings).run());
  }

  private LocalFlink(Settings settings) {
    this.settings = settings;
  }

  private void run() throws Exception {
    Path root = Path.of(settings.engine().stateDir()).resolve(settings.engine().deployment());
    try (StateDir dir = new StateDir(root);
        HealthServer server =
            new HealthServer(settings.engine(), this::health, new LocalMetrics())) {
      Optional<Path> from = dir.newest().map(Snapshot::path);
      Configuration configuration = LocalCluster.configuration(settings, dir, from);
      try (MiniCluster cluster = LocalCluster.create(settings, configuration)) {
        cluster.start();
        webPage = cluster.getRestAddress().get().toString();
        log.info(
            "{} has started, port {}, Flink's web page at {}, from {}",
            settings.engine().deployment(),
            server.port(),
            webPage,
            from.map(Path::toString).orElse("the beginning"));
        JobID job = cluster.submitJob(plan(configuration)).get().getJobID();
        stay(cluster, job, dir);
      }
    }
  }

  private StreamGraph plan(Configuration configuration) {
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(settings.parallelism(), configuration);
    new Topology(settings).build(env);
    StreamGraph plan = env.getStreamGraph();
    plan.setJobName(FlinkEngine.jobName(settings));
    return plan;
  }

  private Health health() {
    return new Health(running, running ? null : Progress.INSTANCE.waitingFor(), webPage);
  }

  /** Until the job ends, or this thread is interrupted. */
  private void stay(MiniCluster cluster, JobID job, StateDir dir) throws Exception {
    JobStatus last = null;
    boolean cleaned = false;
    try {
      while (true) {
        AccessExecutionGraph graph = cluster.getExecutionGraph(job).get();
        JobStatus status = graph.getState();
        running = status == JobStatus.RUNNING && allRun(graph);
        if (status != last && status == JobStatus.RESTARTING) {
          Progress.INSTANCE.waitsFor("a new start of the job");
          log.warn("starts again from the last checkpoint: {}", why(graph));
        }
        last = status;
        if (status.isGloballyTerminalState()) break;
        if (running && !cleaned) cleaned = dir.deleteBefore(job.toString());
        Thread.sleep(LOOK_MS);
      }
    } catch (InterruptedException stopped) {
      running = false;
      stop(cluster, job);
      throw stopped;
    }
    if (last != JobStatus.FINISHED) throw failure(cluster, job);
  }

  private static boolean allRun(AccessExecutionGraph graph) {
    for (var vertex : graph.getAllExecutionVertices())
      if (vertex.getExecutionState() != ExecutionState.RUNNING) return false;
    return true;
  }

  private static String why(AccessExecutionGraph graph) {
    var info = graph.getFailureInfo();
    return info == null ? "no reason is known" : String.valueOf(root(info.getException()));
  }

  private static Throwable root(Throwable error) {
    Throwable at = ExceptionUtils.stripException(error, ExecutionException.class);
    while (at.getCause() != null) at = at.getCause();
    return at;
  }

  /**
   * Takes a savepoint and ends. Where that does not work (a job that waits has nothing to save),
   * the last checkpoint is what the next start goes on from: nothing may run on after this.
   */
  private void stop(MiniCluster cluster, JobID job) throws InterruptedException {
    try {
      String path =
          cluster.stopWithSavepoint(job, null, false, SavepointFormatType.CANONICAL).get();
      cluster.requestJobResult(job).get();
      log.info("stopped, the next start goes on from {}", path);
    } catch (ExecutionException error) {
      log.info("stopped without a savepoint: {}", root(error).getMessage());
    }
  }

  private static Exception failure(MiniCluster cluster, JobID job) throws Exception {
    Throwable cause =
        cluster
            .requestJobResult(job)
            .get()
            .getSerializedThrowable()
            .map(error -> error.deserializeError(LocalFlink.class.getClassLoader()))
            .orElseGet(() -> new IllegalStateException("the job was cancelled"));
    return new IllegalStateException("the job has failed: " + root(cause), cause);
  }
}
