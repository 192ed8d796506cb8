package orderup.flink;

import orderup.kit.EngineFailure;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * Carries an {@link EngineFailure} through Flink so that the job fails, with its code and remedy as
 * the message, instead of being restarted for ever to meet it again.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class StopsForGood extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StopsForGood(EngineFailure failure) {
    super(EngineFailure.describe(failure), failure);
  }
}
