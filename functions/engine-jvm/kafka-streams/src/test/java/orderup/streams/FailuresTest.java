package orderup.streams;

import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import orderup.fold.Decoded.NewerSchema;
import orderup.kit.EngineFailure;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private final Failures failures = new Failures();

  @Test
  void whatIsTerminalIsNotTriedAgain() {
    EngineFailure newer = EngineFailure.newerSchema(new NewerSchema(7, 2), 1, 42);

    assertEquals(SHUTDOWN_CLIENT, failures.handle(new StreamsException("task 0_1", newer)));

    EngineFailure thrown = assertThrows(EngineFailure.class, failures::await);
    assertEquals(
        "NEWER_SCHEMA: orders.events.raw partition 1 offset 42 is of schema version 2 (id 7), which"
            + " this engine does not know\n"
            + "  Next: deploy the engine of that version; nothing was skipped or dead-lettered",
        EngineFailure.describe(thrown));
  }

  @Test
  void aThreadIsReplacedUntilTooManyHaveDied() {
    RuntimeException cause = new StreamsException("the broker said no");
    for (int i = 0; i < 10; i++) assertEquals(REPLACE_THREAD, failures.handle(cause));
    assertEquals(10, failures.replaced());

    assertEquals(SHUTDOWN_CLIENT, failures.handle(cause));

    assertEquals("STREAM_THREADS", assertThrows(EngineFailure.class, failures::await).code());
  }

  @Test
  void anErrorOfTheJvmEndsTheEngine() {
    assertEquals(SHUTDOWN_CLIENT, failures.handle(new OutOfMemoryError("heap")));

    assertThrows(IllegalStateException.class, failures::await);
  }
}
