import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesIn, hashOf, readFolder, replaceFolder, under, type Files } from './files.ts'

const filesOf = (record: Readonly<Record<string, string>>): Files =>
  new Map(Object.entries(record).map(([path, text]) => [path, Buffer.from(text)]))

test('the hash knows names and contents, and no order', () => {
  const one = hashOf(filesOf({ a: '1', b: '2' }))

  assert.equal(hashOf(filesOf({ b: '2', a: '1' })), one)
  for (const other of [{ a: '1', b: '3' }, { a: '1', c: '2' }, { a: '1' }, { a: '12', b: '' }])
    assert.notEqual(hashOf(filesOf(other)), one)
})

test('different sets of files have different hashes, wherever the bytes are cut', () => {
  const files = fc.dictionary(fc.stringMatching(/^[ab/]{1,3}$/), fc.stringMatching(/^[ab\0]{0,3}$/))
  fc.assert(
    fc.property(files, files, (a, b) => {
      const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
      return same === (hashOf(filesOf(a)) === hashOf(filesOf(b)))
    }),
  )
})

const sorted = (record: object) => Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))

test('a folder is replaced whole, and reads back as it was written', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'order-up-files-'))
  t.after(() => rm(root, { recursive: true }))
  const folder = join(root, 'dist')
  replaceFolder(folder, filesOf({ old: 'x', 'images/old/Dockerfile': 'x' }))
  const files = under('images/é', filesOf({ 'app/index.mjs': 'ü', 'state/.keep': '' }))

  replaceFolder(folder, files)

  const found = readFolder(folder)
  assert.deepEqual([...found.keys()].toSorted(), ['images/é/app/index.mjs', 'images/é/state/.keep'])
  assert.equal(hashOf(found), hashOf(files))
  assert.equal(bytesIn(found), 2)
  assert.deepEqual(await readdir(root), ['dist'])
})

test('where it cannot write, the folder stays and nothing lies about', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'order-up-files-'))
  t.after(() => rm(root, { recursive: true }))
  const folder = join(root, 'dist')
  const old = filesOf({ old: 'x' })
  replaceFolder(folder, old)

  assert.throws(() => replaceFolder(folder, filesOf({ a: '1', 'a/b': '2' })), { code: 'EEXIST' })

  assert.equal(hashOf(readFolder(folder)), hashOf(old))
  assert.deepEqual(await readdir(root), ['dist'])
})

test('everybody may read what is written, whatever the umask: an image gives it to root', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'order-up-files-'))
  t.after(() => rm(root, { recursive: true }))
  const folder = join(root, 'dist')
  const umask = process.umask(0o077)
  t.after(() => process.umask(umask))

  replaceFolder(folder, filesOf({ 'app/index.mjs': 'x' }))

  const modeOf = async (path: string) => ((await stat(join(folder, path))).mode & 0o777).toString(8)
  assert.equal(await modeOf('app'), '755')
  assert.equal(await modeOf('app/index.mjs'), '644')
})
