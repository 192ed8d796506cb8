import type { Fetcher } from '@order-up/kit'
import { problemsOf, unasked, type Owns, type Rules } from './judge.ts'
import type { Ledger } from './ledger.ts'
import { Outputs, type Output, type Wait } from './outputs.ts'
import { placeOf, Truth, type Expected } from './truth.ts'

export interface Judged {
  /** what raw has got since the last time */
  expected: Expected[]
  /** what the engine has written since */
  outputs: Output[]
}

/** What raw asks for beside what the engine has written, bit by bit: each difference is told once. */
export class Judging {
  readonly truth: Truth
  readonly outputs: Outputs
  readonly #deployment: string
  readonly #curatedId: number
  /** topic and order → the raw offset of the last row */
  readonly #lastRow = new Map<string, number>()

  constructor(o: { fetcher: Fetcher; ledger: Ledger; deployment: string; curatedId: number }) {
    this.truth = new Truth(o.fetcher, o.ledger)
    this.outputs = new Outputs(o.fetcher, o.deployment)
    this.#deployment = o.deployment
    this.#curatedId = o.curatedId
  }

  /** To be asked once the engine has committed all of raw. @returns all that is new, and what is wrong with it */
  async next(owns: Owns, wait: Wait): Promise<Judged & { problems: string[] }> {
    const rules = this.#rules(owns)
    const expected = await this.truth.advance()
    const outputs = await this.outputs.advance(wait)
    const isNew = new Set(expected.map(({ record }) => placeOf(record)))
    const problems = [
      ...expected.flatMap((one) => this.#problemsOf(one, rules)),
      ...outputs.filter(({ ofRaw }) => !isNew.has(ofRaw)).flatMap((one) => this.#late(one)),
      ...this.#outOfOrder(outputs),
    ]
    return { expected, outputs, problems }
  }

  /** All of it once more, from what somebody else has read. @returns what is wrong */
  whole({ seen }: Outputs): string[] {
    const rules = this.#rules(() => 'either')
    return [...this.truth.expected.values()].flatMap((one) =>
      problemsOf(one, seen.get(placeOf(one.record)) ?? [], rules),
    )
  }

  #rules(owns: Owns): Rules {
    return { deployment: this.#deployment, curatedId: this.#curatedId, owns }
  }

  #problemsOf(expected: Expected, rules: Rules): string[] {
    return problemsOf(expected, this.outputs.seen.get(placeOf(expected.record)) ?? [], rules)
  }

  /** Written for a record that was judged before, or for none. */
  #late(output: Output): string[] {
    const rules = this.#rules(() => 'either')
    const before = this.truth.expected.get(output.ofRaw)
    return before ? this.#problemsOf(before, rules) : [unasked(output, rules)]
  }

  /** An order's rows lie in each topic in the order of their versions, which is that of raw. */
  #outOfOrder(outputs: readonly Output[]): string[] {
    return outputs.flatMap(({ topic, partition, offset, key, ofRaw, isDeadLetter }) => {
      if (isDeadLetter) return []
      const order = `${topic} ${key?.toString()}`
      const raw = Number(ofRaw.split('/')[1])
      const last = this.#lastRow.get(order) ?? -1
      this.#lastRow.set(order, raw)
      if (raw > last) return []
      return `${topic} ${partition}/${offset}, order ${key?.toString()}: expected versions to grow, seen the row of raw ${ofRaw} after that of raw ${partition}/${last}`
    })
  }
}
