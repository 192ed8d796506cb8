import {
  deploymentsIn,
  ownersIn,
  type ShareTable,
  type SwapAnswer,
  type SwapEvent,
} from '@order-up/control'
import { carrySwap } from '@order-up/control/operations'
import { OrderUpError } from '@order-up/kit'
import type { Progress } from '../shell.ts'
import { awaitedText } from './awaited.ts'
import type { Scene } from './scene.ts'

/** A step of the swap that was seen to be done. */
export interface StepDone {
  step: string
  /** since the step before was done, or since this command took it up */
  ms: number
}

export interface Carried {
  /** the newest one */
  epoch: number
  shares: ShareTable
  previous: string | null
  steps: StepDone[]
  /** rows and dead letters that curated lacked */
  filled: number
  ms: number
}

/**
 * Carries a swap to its end, with a line for every step that is done, and one that says what is awaited.
 * @throws OrderUpError `SWAP_REFUSED` in the step machine's words, the signal's reason
 */
export async function carry(
  scene: Scene,
  event: SwapEvent,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<Carried> {
  const began = performance.now()
  const steps: StepDone[] = []
  let filled = 0
  let current = scene.record.swap?.step ?? null
  let since = began

  function stepped({ step = null, filled: rows = 0, lines }: SwapAnswer) {
    const now = performance.now()
    filled += rows
    if (current !== null && current !== step) {
      const ms = Math.round(now - since)
      steps.push({ step: current, ms })
      progress.note(stepLine(current, ms, lines.join('; ')))
    } else for (const line of lines) progress.note(`  ${line}`)
    if (current !== step) since = now
    current = step
  }

  const waiting = new Waiting(scene, event, (text) =>
    progress.say(
      `${current ?? 'before it begins'}, ${seconds(performance.now() - since)}: ${text}`,
    ),
  )
  try {
    const last = await carrySwap(scene.tools, event, {
      signal,
      onAnswer(answer) {
        if (answer.state === 'stepped') stepped(answer)
        if (answer.state === 'waiting') waiting.tell(answer)
      },
    })
    if (last.state === 'refused')
      throw new OrderUpError('SWAP_REFUSED', `Refused: ${last.lines.join('; ')}`)
  } finally {
    waiting.end()
    progress.clear()
  }
  const { epoch, shares, previous } = await scene.readRecord()
  return {
    epoch,
    shares,
    previous,
    steps,
    filled,
    ms: Math.round(performance.now() - began),
  }
}

export const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`

/** `✔ gate     3.1 s  node-1 gives its buckets up` */
export const stepLine = (step: string, ms: number, about: string) =>
  `✔ ${step.padEnd(7)} ${seconds(ms).padStart(7)}  ${about}`

/** Says what is awaited, with the figures of one look at a time. */
class Waiting {
  readonly #scene: Scene
  readonly #event: SwapEvent
  readonly #say: (text: string) => void
  #looking = false
  #over = false

  constructor(scene: Scene, event: SwapEvent, say: (text: string) => void) {
    this.#scene = scene
    this.#event = event
    this.#say = say
  }

  tell({ lines, epoch }: SwapAnswer) {
    if (this.#looking) return
    this.#looking = true
    void this.#look(epoch)
      .catch(() => lines[0]) // no broker answers, say: the step machine has a word on that
      .then((text) => {
        this.#looking = false
        if (!this.#over && text !== undefined) this.#say(text)
      })
  }

  /** @returns undefined = it has happened meanwhile */
  async #look(epoch: number | null): Promise<string | undefined> {
    const { target, dead } = this.#event
    const ids = [...deploymentsIn(this.#scene.record), ...ownersIn(target)]
    const seen = await this.#scene.look(ids)
    return seen.current?.epoch === epoch ? awaitedText(seen, target, dead) : undefined
  }

  end() {
    this.#over = true
  }
}
