import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Verdict } from '../verdict.ts'
import { readVerdict, writeVerdict } from './verdicts.ts'

const IDS = ['node-1', 'flink-1'] as const
const verdict = (reason: string): Verdict => ({
  verdict: 'PASS',
  reason,
  sides: [
    { deployment: 'flink-1', artifact: 'a' },
    { deployment: 'node-1', artifact: 'b' },
  ],
  contractVersion: 1,
  schemaIds: { s: [1] },
  at: 1,
  expiresAt: 2,
})

test('the newest verdict is the one file of the two, with all that its writer says, in a folder that is made', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-verdicts-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const url = join(dir, 'a', 'b')
  assert.equal(await readVerdict(url, IDS), undefined)

  const More = Verdict.extend({ more: Verdict.shape.reason })
  await writeVerdict(url, IDS, verdict('first'))
  const second: typeof More._output = { ...verdict('second'), more: 'counts' }
  await writeVerdict(url, IDS.toReversed(), second)

  assert.deepEqual(await readdir(url), ['flink-1_node-1.json'])
  assert.deepEqual(await readVerdict(url, IDS), verdict('second'))
  assert.deepEqual(await readVerdict(url, IDS, More), second)
  await writeFile(join(url, 'flink-1_node-1.json'), '{"verdict":"PASS"')
  await assert.rejects(readVerdict(url, IDS), { code: 'VERDICT' })
})
