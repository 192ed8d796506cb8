import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { EngineProgram } from '@order-up/stack'
import { CHECKS } from './checks/index.ts'
import { Session } from './run.ts'

/** An engine that differs in three lines from one that passes: see planted-engine.fixture.ts. */
const PLANTED: EngineProgram = {
  engine: 'node',
  artifact: 'planted',
  program: { module: join(import.meta.dirname, 'planted-engine.fixture.ts') },
  args: [],
  env: {},
}

test(
  'one line that differs is named: a tie, a duplicate and a bound, each by its check',
  { timeout: 120_000 },
  async (t) => {
    const options = { env: process.env, onProgress: () => {}, signal: t.signal }
    await using session = new Session({ ...options, program: PLANTED, seed: 1 })
    const failed = async (name: string) => {
      const result = await session.run(CHECKS.find((check) => check.name === name)!)
      if (result.log !== undefined)
        t.after(() => rm(dirname(result.log!), { recursive: true, force: true }))
      return result.problems.join('\n')
    }

    const headers = await failed('headers')
    const ties = await failed('late-and-ties')
    const duplicates = await failed('duplicates')
    const rejections = await failed('rejections')

    assert.equal(headers, '', 'what is not planted passes')
    assert.match(
      ties,
      /^raw \d\/\d+ \(order tie-\S+\), in orders.orders.curated \d\/\d+: status: expected "[A-Z]+", seen "[A-Z]+"$/m,
    )
    assert.match(
      duplicates,
      /^raw \d\/\d+ \(order duplicate-\S+\): expected nothing, for it is a duplicate: its event_id was applied at raw \d\/\d+, seen 1: .* \(a row of version 2\)$/m,
    )
    assert.match(rejections, /expected a dead letter, invalid_amount, seen a row of version 1$/m)
  },
)
