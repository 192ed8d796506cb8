import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { sourceHash } from './jvm-sources.ts'

test('what an engine is built from has a name that changes with it, and with nothing else', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'order-up-sources-'))
  t.after(() => rm(root, { recursive: true }))
  const write = async (path: string, text: string) => {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const jvm = 'functions/engine-jvm'
  const hash = (how = 'package') => sourceHash(['flink'], how, root)
  await write(`${jvm}/fold/src/main/java/orderup/fold/Fold.java`, 'fold')
  await write(`${jvm}/kit/src/main/resources/log4j2.xml`, 'log')
  const first = await hash()
  assert.match(first, /^[0-9a-f]{12}$/)

  await write(`${jvm}/fold/src/test/java/FoldTest.java`, 'a test')
  await write(`${jvm}/fold/target/classes/Fold.class`, 'built')
  await write(`${jvm}/flink/src/main/java/Flink.java`, 'of another engine')
  await write(`${jvm}/flink/pom.xml`, 'of another engine')
  await write('schemas/vectors/a.json', 'a vector')
  assert.equal(await hash(), first)

  const seen = new Set([first, await hash('verify')])
  const changes = [
    () => write(`${jvm}/fold/src/main/java/orderup/fold/Fold.java`, 'changed'),
    () => write(`${jvm}/pom.xml`, 'pom'),
    () => write(`${jvm}/kafka-streams/pom.xml`, 'pom'),
    () => write('schemas/avro/curated.v1.json', '{}'),
    () => write('local/stack/java/Leash.java', 'leash'),
    () =>
      rename(join(root, jvm, 'kit/src/main/resources'), join(root, jvm, 'kit/src/main/resource')),
  ]
  for (const change of changes) {
    await change()
    const now = await hash()
    assert.equal(seen.has(now), false, change.toString())
    seen.add(now)
  }
})
