import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine } from '@order-up/schemas'
import { provideEngine } from '@order-up/stack'
import { CHECKS } from './checks/index.ts'
import { Session } from './run.ts'

const TIMEOUT_MS = 10 * 60_000

export interface Variant {
  /** of the engine, on top of the environment */
  env: Readonly<Record<string, string>>
  /** why it can't be tried; undefined = it can */
  skip?: string | undefined
  /** names of checks; default: all */
  only?: readonly string[]
}

/** The kit for one engine, each check a subtest. */
export function conformance(engine: Engine, { env, skip, only }: Variant = { env: {} }): void {
  const how = Object.entries(env).map(([key, value]) => ` with ${key}=${value}`)
  const name = `${engine} keeps the contract${how.join('')}`
  test(name, { timeout: TIMEOUT_MS, skip: skip ?? false }, async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    t.diagnostic(`seed ${seed}`)
    const onProgress = (line: string) => t.diagnostic(line)
    const options = { env: { ...process.env, ...env }, onProgress, signal: t.signal }
    const program = await provideEngine(engine, options)
    await using session = new Session({ ...options, program, seed })
    const checks = CHECKS.filter(({ name }) => only?.includes(name) ?? true)
    assert.equal(checks.length, only?.length ?? CHECKS.length)
    for (const check of checks)
      await t.test(check.name, async (subtest) => {
        const { passed, problems, note, log } = await session.run(check)
        if (note !== undefined) subtest.diagnostic(note)
        if (!passed)
          throw new Error([...problems.slice(0, 20), `the engine's log: ${log}`].join('\n'))
      })
  })
}
