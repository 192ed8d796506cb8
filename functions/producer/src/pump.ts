import type { Appended, RawMessage, RawSender } from './send.ts'

/** The next batch is made while this many are on their way. */
const AHEAD = 2

/**
 * Sends batch after batch until there are no more or the signal aborts; then what is on its way has until
 * `graceMs` to be acknowledged.
 * @param onAppended told of each acknowledged batch, in order
 * @returns whether everything was sent
 */
export async function pump<M extends RawMessage>(
  sender: RawSender,
  batches: Iterable<M[]> | AsyncIterable<M[]>,
  {
    signal,
    onAppended,
    graceMs = 5_000,
  }: {
    signal: AbortSignal
    onAppended: (batch: readonly M[], where: readonly Appended[]) => void
    graceMs?: number
  },
): Promise<boolean> {
  const { promise: grace, resolve: graceIsOver } = Promise.withResolvers<undefined>()
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => (timer = setTimeout(graceIsOver, graceMs, undefined))
  signal.addEventListener('abort', onAbort)

  const onTheWay: Promise<true>[] = []
  let complete = true
  const awaitOldest = async () => {
    const acknowledged = await Promise.race([onTheWay.shift(), grace])
    if (!acknowledged) complete = false
  }
  try {
    for await (const batch of batches) {
      if (signal.aborted) {
        complete = false
        break
      }
      const sent = sender.send(batch).then((where) => {
        onAppended(batch, where)
        return true as const
      })
      sent.catch(() => {}) // seen when it is awaited
      onTheWay.push(sent)
      if (onTheWay.length >= AHEAD) await awaitOldest()
    }
    while (onTheWay.length > 0) await awaitOldest()
    return complete
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
