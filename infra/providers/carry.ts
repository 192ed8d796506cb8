import type { SwapAnswer } from '@order-up/control'

export interface CarryOptions {
  /** asks for one step */
  step: () => Promise<SwapAnswer>
  /** progress, for people */
  say: (line: string) => void
  /** how long until it is given up; what was reached stays, and the next run goes on from there */
  timeoutMs: number
  /** between two looks at what is awaited; default 3 s */
  pauseMs?: number
  /** how often it says what is awaited: the figures in it change with every look; default 15 s */
  sayEveryMs?: number
}

/**
 * Carries the running system to its target, step by step, until the control function says that it is there.
 * @throws Error with what is missing (refused), or with what was awaited (timeout), and the next command
 */
export async function carry({
  step,
  say,
  timeoutMs,
  pauseMs = 3_000,
  sayEveryMs = 15_000,
}: CarryOptions): Promise<SwapAnswer> {
  const deadline = Date.now() + timeoutMs
  let said = { text: '', at: 0 }
  for (;;) {
    const answer = await step()
    switch (answer.state) {
      case 'done':
        for (const line of answer.lines) say(line)
        return answer
      case 'refused':
        throw new Error(refusal(answer.lines))
      case 'stepped':
        for (const line of answer.lines) say(`${epochOf(answer)}: ${line}`)
        break
      case 'waiting': {
        const text = answer.lines.join('; ')
        if (text !== said.text && Date.now() - said.at >= sayEveryMs) {
          say(`${epochOf(answer)}: waiting for ${text}`)
          said = { text, at: Date.now() }
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        break
      }
    }
    if (Date.now() > deadline) throw new Error(lateness(answer, timeoutMs))
  }
}

const epochOf = ({ epoch }: SwapAnswer) => (epoch === null ? 'no epoch yet' : `epoch ${epoch}`)

const list = (lines: readonly string[]) => lines.map((line) => `\n  - ${line}`).join('')

const refusal = (why: readonly string[]) =>
  `The shares stay as they are:${list(why)}
  Next: if it is a verdict that is missing, run both engines (order-up:shadow) until the comparer has passed them, then
  the same command again; or \`pulumi config set order-up:force "<why>"\`, which is recorded with the swap; or, where the
  old engine is dead, \`pulumi config set order-up:dead <its name>\`, which is a failover.`

const lateness = (last: SwapAnswer, timeoutMs: number) =>
  `The shares are not at their target after ${Math.round(timeoutMs / 1_000)} s. ${
    last.state === 'waiting' ? 'Waiting for' : 'Last step'
  } (${epochOf(last)}):${list(last.lines)}
  What was reached stays, and every order keeps an owner.
  Next: look at the log of the engine that is named, then \`pulumi up\` again: it goes on from here.
  To go back instead, set order-up:engine, shadow and split as they were, then \`pulumi up\`.`
