import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { NODE_WORKSPACES, nodeHash } from './node-sources.ts'
import { ROOT } from './source-hash.ts'

test('the Node engine is made of its workspace and all that it depends on', async () => {
  const found = new Set<string>()
  const add = async (workspace: string) => {
    if (found.has(workspace)) return
    found.add(workspace)
    const text = await readFile(join(ROOT, workspace, 'package.json'), 'utf8')
    const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> }
    for (const name of Object.keys(dependencies)) {
      const [, own] = /^@order-up\/(.+)$/.exec(name) ?? []
      if (own !== undefined) await add(own === 'schemas' ? own : `functions/${own}`)
    }
  }
  await add('functions/engine-node')
  assert.deepEqual([...found].toSorted(), NODE_WORKSPACES.toSorted())
})

test('what the Node engine runs has a name that changes with it, and with nothing else', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'order-up-sources-'))
  t.after(() => rm(root, { recursive: true }))
  const write = async (path: string, text: string) => {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  await write('functions/fold/src/fold.ts', 'fold')
  const first = await nodeHash(root)
  assert.match(first, /^[0-9a-f]{12}$/)

  await write('functions/fold/src/fold.test.ts', 'a test')
  await write('functions/sink/src/sink.ts', 'another worker')
  await write('schemas/vectors/a.json', 'a vector')
  assert.equal(await nodeHash(root), first)

  const seen = new Set([first])
  for (const path of [
    'functions/fold/src/fold.ts',
    'functions/engine-node/src/deep/step.ts',
    'schemas/avro/curated.v1.json',
    'package-lock.json',
  ]) {
    await write(path, 'changed')
    const now = await nodeHash(root)
    assert.equal(seen.has(now), false, path)
    seen.add(now)
  }
})
