import { Failed, type Check } from '../check.ts'
import { outputTopics, Outputs } from '../outputs.ts'

/** A transaction that has ended is followed by its markers. */
const MARKERS_MS = 5_000

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
      const isClosed = async () => {
        const stable = (await fetcher.lastStableOffsets(topic)).join()
        const high = (await fetcher.highWatermarks(topic)).join()
        return stable === high || `last stable offsets ${stable} of ${high}`
      }
      await bench.until(`no open transaction in ${topic}`, isClosed, MARKERS_MS)
    }
    const outputs = new Outputs(fetcher, bench.deployment)
    await outputs.advance(bench.wait)
    const problems = bench.judging.whole(outputs)
    if (problems.length > 0) throw new Failed(...problems)
  },
}
