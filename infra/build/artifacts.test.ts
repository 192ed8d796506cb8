import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { flinkJar, imageOf, lambdaBundle } from './artifacts.ts'

async function distOf(t: TestContext, files: Record<string, string>): Promise<string> {
  const dist = await mkdtemp(join(tmpdir(), 'order-up-dist-'))
  const before = process.env['ORDER_UP_DIST']
  t.after(async () => {
    if (before === undefined) delete process.env['ORDER_UP_DIST']
    else process.env['ORDER_UP_DIST'] = before
    await rm(dist, { recursive: true })
  })
  process.env['ORDER_UP_DIST'] = dist
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dist, path, '..'), { recursive: true })
    await writeFile(join(dist, path), text)
  }
  return dist
}

test('a Lambda is the folder of its bundle, or the command that builds it', async (t) => {
  const dist = await distOf(t, { 'sink/index.mjs': '' })

  assert.equal(lambdaBundle('sink'), join(dist, 'sink'))
  assert.throws(() => lambdaBundle('control'), {
    message: `The control Lambda's bundle is missing: there is no ${dist}/control/index.mjs.\n  Next: npm run build`,
  })
})

test("Flink's jar is known by its bytes, or by the command that builds it", async (t) => {
  const dist = await distOf(t, { 'flink/order-up-flink.jar': 'bytes' })

  const sha256 = createHash('sha256').update('bytes').digest('hex')
  assert.deepEqual(flinkJar(), { path: join(dist, 'flink/order-up-flink.jar'), sha256 })
  await rm(join(dist, 'flink'), { recursive: true })
  assert.throws(flinkJar, {
    message: /Next: npm run build, with Maven and a JDK 17 or later on the PATH$/,
  })
})

test('an image is what the config names, or the commands that build and release it', () => {
  const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/sink@sha256:${'a'.repeat(64)}`
  const settings = { stack: 'staging', images: { sink: image } }

  assert.equal(imageOf(settings, 'sink'), image)
  assert.throws(() => imageOf(settings, 'engine-node'), {
    message:
      'order-up:images.engine-node is not set in Pulumi.staging.yaml, and the stack runs that image.\n' +
      '  Next: npm run build && npm run release -- staging',
  })
  assert.throws(() => imageOf(settings, 'engine-kafka-streams'), {
    message:
      /Next: npm run build && npm run release -- staging, with Maven and a JDK 17 or later on the PATH$/,
  })
})
