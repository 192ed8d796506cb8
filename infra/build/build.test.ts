import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, after, test } from 'node:test'
import { promisify } from 'node:util'
import { bundle, ROOT } from './bundle.ts'
import { problemsOf } from './checks.ts'
import { hashOf, readFolder } from './files.ts'
import { standInMaven } from './maven.fixture.ts'
import { make } from './make.ts'
import { RECIPES } from './recipes.ts'

/*
 * The command as it is typed, and what it leaves. How the bundles run is shown in local/e2e (bundles.test.ts). Not
 * shown: `docker build` of the contexts, which takes a Docker engine.
 */

const run = promisify(execFile)
const MAIN = join(ROOT, 'infra/build/main.ts')

let dir: string
let dist: string
let stdout: string
/** Its PATH has a stand-in for Maven and nothing else: the JVM's part, and that it is built, is shown in jvm.test.ts. */
let env: Record<string, string>
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'order-up-build-'))
  dist = join(dir, 'dist')
  env = { PATH: standInMaven(join(dir, 'bin')).bin, ORDER_UP_DIST: dist }
  ;({ stdout } = await run(process.execPath, [MAIN, '--json'], { cwd: dir, env }))
})
after(() => rm(dir, { recursive: true, force: true }))

const inDist = (path: string) => readFile(join(dist, path), 'utf8')

test('a second build, in another folder, is the same to the byte', async () => {
  for (const recipe of RECIPES) {
    const [first, second] = [readFolder(join(dist, recipe.folder)), await make(recipe)]
    assert.deepEqual([...first.keys()].toSorted(), [...second.content.keys()].toSorted())
    for (const [path, bytes] of second.content)
      assert.ok(Buffer.from(first.get(path)!).equals(bytes), `${recipe.folder}/${path}`)
  }
})

test('the manifest is what lies there', async () => {
  assert.equal(await inDist('manifest.json'), stdout)
  const manifest = JSON.parse(stdout) as Record<string, { sha256: string; files: number }>
  assert.deepEqual(Object.keys(manifest), [
    'producer',
    'sink',
    'control',
    'images/engine-node',
    'images/sink',
    'images/parity',
    'flink',
    'images/engine-kafka-streams',
  ])
  for (const [folder, { sha256, files }] of Object.entries(manifest)) {
    const found = readFolder(join(dist, folder))
    assert.deepEqual([sha256, files], [hashOf(found), found.size], folder)
  }
})

test('no file names this machine, and neither DuckDB nor Pulumi is there', async () => {
  for (const [path, bytes] of readFolder(dist)) {
    assert.ok(!Buffer.from(bytes).includes(ROOT), path)
    assert.doesNotMatch(path, /@pulumi|duckdb|\.node$/)
  }
  const map = JSON.parse(await inDist('producer/index.mjs.map')) as Record<string, string[]>
  assert.ok(map['sources']!.includes('../../functions/producer/src/lambda.ts'))
  assert.equal(map['sourcesContent'], undefined)
})

test('every artefact has kafkajs beside its code, whole', async () => {
  const original = join(ROOT, 'node_modules/kafkajs')
  const wanted = (await readdir(join(original, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.js'),
  )
  for (const { folder, kind } of RECIPES) {
    const code = join(dist, folder, kind === 'image' ? 'app' : '', 'node_modules/kafkajs')
    const found = [...readFolder(code).keys()]
    const expected = ['LICENSE', 'index.js', 'package.json', ...wanted.map((n) => `src/${n}`)]
    assert.deepEqual(found.toSorted(), expected.toSorted())
  }
})

/** Runs in a bundle's folder, after the bundle itself was loaded. */
async function inBundle(folder: string, script: string) {
  const source = `import { createRequire } from 'node:module'
    await import('./index.mjs')
    const require = createRequire(process.cwd() + '/index.mjs')
    ${script}`
  const args = ['--input-type=module', '-e', source]
  return JSON.parse((await run(process.execPath, args, { cwd: folder, env: {} })).stdout) as unknown
}

test('in a bundle kafkajs is repaired: what its own code calls is ours', async () => {
  const found = await inBundle(
    join(dist, 'producer'),
    `const produce = require('kafkajs/src/protocol/requests/produce/v7/request')
    const messages = [{ key: null, value: null, headers: { a: null } }]
    const partitions = [{ partition: 0, messages }]
    const { buffer } = await produce({ acks: -1, timeout: 0, topicData: [{ topic: 't', partitions }] }).encode()
    const Batch = require('kafkajs/src/consumer/batch')
    const message = (offset, producerId) => ({ offset, batchContext: { producerId, inTransaction: true } })
    const batch = new Batch('t', 10, {
      partition: 0,
      highWatermark: '20',
      messages: [message('10', 'B'), message('11', 'A')],
      abortedTransactions: [{ firstOffset: '1', producerId: 'A' }, { firstOffset: '2', producerId: 'B' }],
    })
    const Queue = require('kafkajs/src/network/requestQueue')
    const Cluster = require('kafkajs/src/cluster')
    console.log(JSON.stringify({
      nullHeader: buffer.subarray(-10).toString('hex'),
      shown: batch.messages.map(({ offset }) => offset),
      grouped: require('kafkajs/src/producer/groupMessagesPerPartition').length,
      asksAgain: /BrokerNotFound/.test(Cluster.prototype.findGroupCoordinatorMetadata),
      calm: /throttledUntil/.test(Queue.prototype.scheduleCheckPendingRequests),
    }))`,
  )

  assert.deepEqual(found, {
    nullHeader: '12000000010102026101', // kafkajs's own throws
    shown: [], // kafkajs's own shows offset 10
    grouped: 1,
    asksAgain: true,
    calm: true,
  })
})

test('a bundle without kafkajs beside it, or with another version, does not start', async () => {
  const alone = join(dir, 'alone')
  await cp(join(dist, 'producer/index.mjs'), join(alone, 'index.mjs'))
  await assert.rejects(inBundle(alone, ''), { stderr: /kafkajs is not beside this code/ })

  await cp(join(dist, 'producer/node_modules'), join(alone, 'node_modules'), { recursive: true })
  await writeFile(join(alone, 'node_modules/kafkajs/package.json'), '{"version":"2.2.5"}')
  await assert.rejects(inBundle(alone, ''), { stderr: /kafkajs is 2\.2\.5, not 2\.2\.4/ })
})

test('what is over its budget is an error that names what weighs most', async () => {
  const recipe = RECIPES.find(({ folder }) => folder === 'producer')!
  const { metafile } = await bundle(recipe.entry)

  assert.deepEqual(problemsOf(recipe, metafile), [])
  const [problem] = problemsOf({ ...recipe, budget: 100 }, metafile)
  assert.match(
    problem ?? '',
    /^producer is \d+ KiB, its budget 100 \(infra\/build\/recipes\.ts\): \S+ weighs most, \d+ KiB$/,
  )
})

for (const [what, source, why] of [
  [
    'Pulumi',
    '@pulumi/pulumi/version.js',
    /holds node_modules\/@pulumi\/pulumi\/version\.js: Pulumi/,
  ],
  [
    'kafkajs',
    'kafkajs/src/constants.js',
    /holds node_modules\/kafkajs\/src\/constants\.js: kafkajs/,
  ],
  ['infra', '@order-up/infra/build/files.ts', /holds infra\/build\/files\.ts: what is deployed/],
  ['a test', '@order-up/kit/testing', /holds functions\/kit\/test\/index\.ts: it is for tests/],
] as const)
  test(`${what} in a bundle is an error that says how it came there`, async () => {
    const entry = 'dist-planted.ts'
    const metafile = await planted(entry, source)

    const problems = problemsOf(
      { folder: 'producer', kind: 'lambda', entry, budget: 9_999 },
      metafile,
    )
    assert.match(problems.join('\n'), why)
    assert.match(problems.join('\n'), new RegExp(`it came by .* ← ${entry}$`, 'm'))
  })

/** The account of a bundle whose entry point imports `source`, without a file in the tree. */
async function planted(entry: string, source: string) {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    stdin: { contents: `import '${source}'`, resolveDir: ROOT, sourcefile: entry },
    absWorkingDir: ROOT,
    outfile: 'index.mjs',
    write: false,
    metafile: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  })
  return metafile
}

test('DuckDB, or a package that is not in the bundle, is an error', () => {
  const recipe = { folder: 'sink', kind: 'lambda', entry: 'a.ts', budget: 1 } as const
  const inputs = {
    'a.ts': {
      bytes: 1,
      imports: [
        { path: 'node_modules/@duckdb/node-api/lib/index.js', kind: 'import-statement' as const },
        { path: 'sharp', kind: 'require-call' as const, external: true },
        { path: 'node:fs', kind: 'import-statement' as const, external: true },
      ],
    },
    'node_modules/@duckdb/node-api/lib/index.js': { bytes: 1, imports: [] },
  }

  assert.deepEqual(problemsOf(recipe, { inputs, outputs: {} }), [
    'sink holds node_modules/@duckdb/node-api/lib/index.js: DuckDB is for the local stack\n' +
      '    it came by node_modules/@duckdb/node-api/lib/index.js ← a.ts',
    'sink lacks sharp, which a.ts imports',
  ])
})

test('the image runs the Node that the tests ran, as nobody special, and runs nothing while it is built', async () => {
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  for (const { folder, kind } of RECIPES) {
    if (kind !== 'image') continue
    const lines = (await inDist(`${folder}/Dockerfile`)).split('\n')
    const instruction = (name: string) => lines.filter((line) => line.startsWith(`${name} `))
    assert.match(
      instruction('FROM').join(),
      new RegExp(`^FROM node:${devDependencies['node']}-bookworm-slim(@sha256:[0-9a-f]{64})?$`),
    )
    assert.deepEqual(instruction('USER'), ['USER 1000:1000'])
    assert.deepEqual(instruction('RUN'), [])
    assert.match(instruction('ENV').join(), /NODE_ENV=production/)
    const sources = instruction('COPY').map((line) => line.split(' ').at(-2))
    assert.deepEqual(sources, ['app/', 'state/'])
  }
})

test('the image of Kafka Streams: a JRE for glibc, java as the process that is told to stop, nobody special', async () => {
  const lines = (await inDist('images/engine-kafka-streams/Dockerfile')).split('\n')
  const instruction = (name: string) => lines.filter((line) => line.startsWith(`${name} `))
  assert.match(
    instruction('FROM').join(),
    /^FROM eclipse-temurin:17\.\d+\.\d+_\d+-jre-noble(@sha256:[0-9a-f]{64})?$/,
  )
  assert.deepEqual(instruction('USER'), ['USER 1000:1000'])
  assert.deepEqual(instruction('RUN'), [])
  assert.deepEqual(instruction('VOLUME'), ['VOLUME ["/var/lib/order-up"]'])
  // the base's own is a shell script
  assert.deepEqual(instruction('ENTRYPOINT'), ['ENTRYPOINT []'])
  const [command, ...more] = instruction('CMD')
  assert.deepEqual(more, [])
  const words = JSON.parse(command!.slice('CMD '.length)) as string[]
  assert.deepEqual([words[0], ...words.slice(-2)], ['java', '-jar', 'order-up-kafka-streams.jar'])
  // RocksDB unpacks its code there, and the rest of the file system is read-only
  assert.ok(words.includes('-Djava.io.tmpdir=/var/lib/order-up'))
  const sources = instruction('COPY').map((line) => line.split(' ').at(-2))
  assert.deepEqual(sources, ['app/lib/', 'app/order-up-kafka-streams.jar', 'state/'])
})

test('without Maven the rest is built, and it is said what is left out', async () => {
  const less = join(dir, 'less')
  const { stderr } = await run(process.execPath, [MAIN], {
    env: { PATH: join(dir, 'nowhere'), ORDER_UP_DIST: less },
  })
  assert.match(
    stderr,
    /^left out: Flink's jar and the image of Kafka Streams\. mvn is not on the PATH\.$/m,
  )
  assert.deepEqual((await readdir(less)).toSorted(), [
    'control',
    'images',
    'manifest.json',
    'producer',
    'sink',
  ])
})

test('help and usage', async () => {
  const { stdout: help } = await run(process.execPath, [MAIN, '--help'])
  assert.match(help, /^npm run build \[-- --json\]/)
  await assert.rejects(run(process.execPath, [MAIN, '--jsn']), { code: 2, stderr: /'--jsn'/ })
})

test('stopped half-way, it leaves dist as it was and nothing beside it', async () => {
  const old = readFolder(dist)
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const said: string[] = []
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length === 0) child.kill('SIGINT')
    said.push(chunk.toString())
  })

  const [code] = (await once(child, 'close')) as [number]

  assert.equal(code, 130)
  assert.match(said.join(''), /^Stopped; dist\/ is as it was\.$/m)
  assert.equal(hashOf(readFolder(dist)), hashOf(old))
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith('dist')),
    ['dist'],
  )
})

test('an entry point that does not bundle fails the build, and says where', async () => {
  await assert.rejects(
    bundle('functions/nowhere/src/lambda.ts'),
    /functions\/nowhere\/src\/lambda\.ts/,
  )
})
