import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { startPythonServer } from '@order-up/kit/testing'
import { openBlobStore, type BlobStore } from './blob-store.ts'

/*
 * The real SDK against moto, which stores what S3 stores. So this does not show: credentials and their rights (moto
 * checks none), a bucket's policy or key, and what happens when S3 is slow or away.
 */
const moto = await startPythonServer(
  { name: 'moto', version: '5.2.5', extra: 'server' },
  (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
)

/** The SDK looks in the environment, as it does in a worker. */
if (!('missing' in moto))
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: moto.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })

let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'order-up-blobs-'))
})
after(() => rm(dir, { recursive: true }))

function storeSuite(open: () => Promise<BlobStore>) {
  test('what is put is listed by its folder, comes back byte for byte, and can be removed', async () => {
    const store = await open()
    const [file, copy] = [join(dir, 'file'), join(dir, 'copy')]
    const bytes = randomBytes(300_000)
    await writeFile(file, bytes)
    await store.put('node-1/0/a.state', file)
    await writeFile(file, 'other')
    await store.put('node-1/0/a.json', file)
    await store.put('node-1/00/b.json', file)
    await store.put('node-1/0/deeper/c.json', file)

    await store.get('node-1/0/a.state', copy)

    assert.ok((await readFile(copy)).equals(bytes))
    const names = await store.list('node-1/0')
    assert.deepEqual(names.filter((name) => name !== 'deeper').toSorted(), ['a.json', 'a.state'])
    await store.put('node-1/0/a.state', file)
    await store.get('node-1/0/a.state', copy)
    assert.equal(await readFile(copy, 'utf8'), 'other')
    await store.remove('node-1/0/a.state')
    await store.remove('node-1/0/a.state')
    assert.ok(!(await store.list('node-1/0')).includes('a.state'))
    await assert.rejects(store.get('node-1/0/a.state', copy))
    assert.deepEqual(await store.list('node-2/0'), [])
  })
}

describe('a folder', () => storeSuite(() => openBlobStore(join(dir, 'store'))))

describe('a bucket', { skip: 'missing' in moto ? `needs ${moto.missing}` : false }, () => {
  if ('missing' in moto) return
  before(() => new S3Client({}).send(new CreateBucketCommand({ Bucket: 'snapshots' })))
  after(() => moto.stop())

  for (const url of ['s3://snapshots', 's3://snapshots/some/prefix/'])
    describe(url, () => storeSuite(() => openBlobStore(url)))

  test('more names than S3 lists at once are all listed', async () => {
    const store = await openBlobStore('s3://snapshots/many')
    const file = join(dir, 'small')
    await writeFile(file, 'x')
    const names = Array.from({ length: 1_010 }, (_, i) => String(i).padStart(4, '0'))
    for (let start = 0; start < names.length; start += 50)
      await Promise.all(names.slice(start, start + 50).map((name) => store.put(`f/${name}`, file)))

    assert.deepEqual(await store.list('f'), names)
  })

  test('a bucket that does not exist is an error that says so', async () => {
    const store = await openBlobStore('s3://absent/prefix')
    const file = join(dir, 'small')
    await writeFile(file, 'x')

    await assert.rejects(store.list('f'), /bucket does not exist/)
    await assert.rejects(store.put('f/a', file), /bucket does not exist/)
    await assert.rejects(store.get('f/a', file), /bucket does not exist/)
  })
})

test('a URL that is neither a folder nor a bucket is refused', async () => {
  await assert.rejects(openBlobStore('gs://bucket'), { code: 'CONFIG', message: /gs:\/\/bucket/ })
})
