import type { ChildProcess } from 'node:child_process'
import { z } from 'zod'
import type { Measured } from './sum-metrics.ts'
import type { WorkerHealth } from './worker-health.ts'

/** What a worker process tells the one that forked it: once that it works, and how it is whenever it is asked. */
const Told = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('answer'),
    health: z.looseObject({
      healthy: z.boolean(),
      deployment: z.string(),
      instance: z.string(),
      pid: z.number(),
      waiting_for: z.union([z.string(), z.undefined()]),
      partitions: z.array(z.object({ partition: z.number(), emitting: z.boolean() })),
    }),
    measured: z.custom<Measured>(Array.isArray),
  }),
])
type Told = z.infer<typeof Told>
/** How one worker is. */
export type Answer = Extract<Told, { type: 'answer' }>

const Question = z.object({ type: z.literal('ask') })

/** How long an answer is waited for: whoever hangs is not healthy. */
const ANSWER_MS = 1_000

/**
 * A worker's side: says that it works, and answers.
 * @returns says once more how it is, at its end; resolves when that is on its way
 */
export function answerParent(
  look: () => Promise<{ health: WorkerHealth; measured: Measured }>,
): () => Promise<void> {
  const answer = async () => tell({ type: 'answer', ...(await look()) })
  process.on('message', (message) => {
    if (Question.safeParse(message).success) void answer()
  })
  void tell({ type: 'ready' })
  return answer
}

/** A parent that is gone is told nothing. */
const tell = (told: Told): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.(told, undefined, undefined, () => resolve())
    else resolve()
  })

/** The other side: what the worker says, whenever it does. */
export function listen(
  child: ChildProcess,
  { onReady, onAnswer }: { onReady(): void; onAnswer(answer: Answer): void },
): void {
  child.on('message', (message) => {
    const told = Told.safeParse(message).data
    if (told?.type === 'ready') onReady()
    else if (told) onAnswer(told)
  })
}

/** How a worker is now; undefined where it does not say so within a second, or there is none. */
export async function ask(child: ChildProcess | undefined): Promise<Answer | undefined> {
  if (!child?.connected) return undefined
  return new Promise((resolve) => {
    const done = (answer: Answer | undefined) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(answer)
    }
    const onMessage = (message: unknown) => {
      const told = Told.safeParse(message).data
      if (told?.type === 'answer') done(told)
    }
    const onExit = () => done(undefined)
    const timer = setTimeout(onExit, ANSWER_MS)
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send({ type: 'ask' } satisfies z.infer<typeof Question>, (error) => {
      if (error) onExit()
    })
  })
}
