import { Failed, must, type Check } from '../check.ts'
import { problemsOf } from '../judge.ts'
import { outputTopics, Outputs } from '../outputs.ts'
import { placeOf } from '../truth.ts'

/** What all the checks before have left, read from its beginning by somebody who has seen nothing. */
export const wholeLog: Check = {
  name: 'whole-log',
  about:
    'exactly once, from beginning to end: one output for each applied or malformed record, none for a duplicate, and no transaction is left open',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    await bench.stopAll()
    for (const topic of outputTopics(bench.deployment)) {
      const [stable, high] = await Promise.all([
        bench.fetcher.lastStableOffsets(topic),
        bench.fetcher.highWatermarks(topic),
      ])
      must(
        `${stable}` === `${high}`,
        `${topic}: expected no open transaction, seen the last stable offsets ${stable} of ${high}`,
      )
    }
    const outputs = new Outputs(bench.fetcher, bench.deployment)
    await outputs.advance(AbortSignal.any([bench.signal, AbortSignal.timeout(60_000)]))
    const rules = {
      deployment: bench.deployment,
      curatedId: bench.curatedId,
      owns: () => 'either' as const,
    }
    const problems = [...bench.truth.expected.values()].flatMap((one) =>
      problemsOf(one, outputs.seen.get(placeOf(one.record)) ?? [], rules),
    )
    if (problems.length > 0) throw new Failed(...problems)
  },
}
