import { Failed, must, type Check } from '../check.ts'
import { outputTopics, Outputs } from '../outputs.ts'

/** What all the checks before have left, read from its beginning by somebody who has seen nothing. */
export const wholeLog: Check = {
  name: 'whole-log',
  about:
    'exactly once, from beginning to end: one output for each applied or malformed record, none for a duplicate, and no transaction is left open',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    await bench.engines.stopAll()
    const { fetcher } = bench.rig
    for (const topic of outputTopics(bench.deployment)) {
      const stable = (await fetcher.lastStableOffsets(topic)).join()
      const high = (await fetcher.highWatermarks(topic)).join()
      must(
        stable === high,
        `${topic}: expected no open transaction, seen the last stable offsets ${stable} of ${high}`,
      )
    }
    const outputs = new Outputs(fetcher, bench.deployment)
    await outputs.advance(bench.wait)
    const problems = bench.judging.whole(outputs)
    if (problems.length > 0) throw new Failed(...problems)
  },
}
