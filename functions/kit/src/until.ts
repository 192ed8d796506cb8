/** Asks until the answer is yes. @throws the signal's reason once it aborts: the deadline is the caller's */
export async function until(
  ask: () => Promise<boolean>,
  signal: AbortSignal,
  everyMs = 100,
): Promise<void> {
  while (!(await ask())) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
