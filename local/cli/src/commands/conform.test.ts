import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../program.ts'
import { testShell } from '../shell.fixture.ts'

// That it runs, and what it says then, is for the tests of local/conform.
test('the checks are listed, all or some, each with what it is about', async () => {
  const all = testShell()
  const some = testShell()

  await run(all, ['conform', '--list'])
  await run(some, ['conform', '--list', '--only', 'kill,vectors', '--json'])

  assert.match(all.stdout, /^check +about\ninvalid-config +a config that is wrong/)
  const list = JSON.parse(some.stdout) as { name: string; about: string }[]
  assert.deepEqual(
    list.map(({ name }) => name),
    ['kill', 'vectors'],
  )
  assert.ok(list.every(({ about }) => about.length > 20))
})
