import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../program.ts'
import { testShell } from '../shell.fixture.ts'

test('what was downloaded is named with its version and size, and so is that nothing was', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-doctor-'))
  t.after(() => rm(dir, { recursive: true }))
  const env = { PATH: process.env['PATH'], HOME: dir, XDG_CACHE_HOME: dir }
  const downloads = async () => {
    const shell = testShell({ env, root: dir })
    await run(shell, ['doctor', '--json'])
    const examined = JSON.parse(shell.stdout) as { name: string; found: string }[]
    return examined.find(({ name }) => name === 'downloads')!.found
  }
  const before = await downloads()
  await mkdir(join(dir, 'order-up', 'kafka-1.2.3', 'libs'), { recursive: true })
  await writeFile(join(dir, 'order-up', 'kafka-1.2.3', 'libs', 'a.jar'), Buffer.alloc(3_500_000))

  assert.match(before, /^empty; .* in .*order-up$/)
  assert.equal(await downloads(), `kafka-1.2.3 (4 MB) in ${join(dir, 'order-up')}`)
})

test('an engine of the JVM is named with its JDK, and whether it is built', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-doctor-'))
  t.after(() => rm(dir, { recursive: true }))
  const shell = testShell({ env: { ...process.env, XDG_CACHE_HOME: dir }, root: dir })
  await run(shell, ['doctor', '--json'])
  const examined = JSON.parse(shell.stdout) as { name: string; ok: boolean; found: string }[]
  for (const engine of ['flink', 'kafka-streams']) {
    const { ok, found } = examined.find(({ name }) => name === `engine ${engine}`)!
    assert.equal(ok, true)
    assert.match(found, /^not built yet: its first use does it, with Maven; JDK \d+\S* in \//)
  }
})

test('the transport that the Node engine would run, and whether there is another; one of no such name is a failure', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-doctor-'))
  t.after(() => rm(dir, { recursive: true }))
  const transport = async (TRANSPORT?: string) => {
    const shell = testShell({ env: { ...process.env, TRANSPORT, XDG_CACHE_HOME: dir }, root: dir })
    await run(shell, ['doctor', '--json'])
    const examined = JSON.parse(shell.stdout) as { name: string; ok: boolean; found: string }[]
    return examined.find(({ name }) => name === 'transport')!
  }
  const usual = await transport()
  assert.equal(usual.ok, true)
  assert.match(
    usual.found,
    /^kafkajs 2\.2\.4 \(TRANSPORT=auto\); native (\d\S+ \(librdkafka \S+\) is there too: TRANSPORT=native|is not there: `npm run native`)$/,
  )
  const { ok, found } = await transport('natvie')
  assert.deepEqual([ok, found], [false, 'TRANSPORT=natvie: auto, kafkajs or native'])
})
