import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { TerminalError } from '@order-up/kit'
import { eventually, isAlive } from '../wait.fixture.ts'
import { examineBuild, javaArgs, provideBuild } from './jvm-build.ts'

/** What it is built with is real but for Maven: builds by the real one are in local/e2e. */
let folder: string
let cache: string
let said: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-up-build-'))
  cache = join(folder, 'cache/order-up')
  said = []
})
afterEach(() => rm(folder, { recursive: true }))

const env = () => ({
  ...process.env,
  PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
  XDG_CACHE_HOME: join(folder, 'cache'),
})

const build = (signal = new AbortController().signal) =>
  provideBuild('kafka-streams', { env: env(), onProgress: (line) => said.push(line), signal })

/** @param work in shell, with $out the folder to build in */
async function maven(work: string) {
  await mkdir(join(folder, 'bin'), { recursive: true })
  const script = `#!/bin/sh
echo run >> ${folder}/runs
for arg; do case $arg in -Dorderup.out=*) out=\${arg#*=};; esac; done
${work}
`
  await writeFile(join(folder, 'bin/mvn'), script)
  await chmod(join(folder, 'bin/mvn'), 0o755)
}

const STORE = 'store/kafka-streams.jar'

/** A Maven that makes the engine's jar of one module beside it and one of its store's. */
async function goodMaven() {
  await mkdir(join(folder, 'store'))
  await writeFile(join(folder, STORE), '')
  await maven(`mkdir -p $out/fold/target $out/kafka-streams/target
cd $out/kafka-streams/target
touch order-up-kafka-streams.jar ../../fold/target/fold-0.1.0.jar
echo "\${out}fold/target/fold-0.1.0.jar:${folder}/${STORE}" > class-path`)
}

const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length
const cached = async () => (await readdir(cache)).filter((name) => name !== 'lock')

test('an engine is built once for its sources, and keeps its own jars', async () => {
  await goodMaven()
  assert.equal((await examineBuild('kafka-streams', env())).isBuilt, false)
  const { classPath } = await build()
  const home = dirname(classPath[0]!)
  assert.deepEqual(said, ['Building the engine kafka-streams, once'])
  assert.deepEqual(
    classPath,
    ['leash.jar', 'order-up-kafka-streams.jar', 'fold-0.1.0.jar']
      .map((name) => join(home, name))
      .concat(join(folder, STORE)),
  )
  assert.deepEqual((await readdir(home)).toSorted(), [
    'class-path',
    'classes',
    'fold-0.1.0.jar',
    'leash.jar',
    'order-up-kafka-streams.jar',
  ])

  assert.deepEqual((await build()).classPath, classPath)
  assert.equal(await runs(), 1)
  assert.equal((await examineBuild('kafka-streams', env())).isBuilt, true)
})

test("it is built again where a jar is gone from Maven's store", async () => {
  await goodMaven()
  await build()
  await rm(join(folder, STORE))
  assert.equal((await examineBuild('kafka-streams', env())).isBuilt, false)
  await writeFile(join(folder, STORE), '') // as Maven would bring it back
  await rm((await build()).classPath[2]!)
  await build()
  assert.equal(await runs(), 2)
  assert.equal((await cached()).length, 1)
})

test('of old builds, the two that were used last stay', async () => {
  await goodMaven()
  const used = { a: 1_000, b: 3_000, c: 2_000 }
  for (const [name, at] of Object.entries(used)) {
    const old = join(cache, `engine-kafka-streams-${name}`)
    await mkdir(old, { recursive: true })
    await utimes(old, at, at)
  }
  await mkdir(join(cache, 'engine-flink-a'))
  const { classPath } = await build()
  assert.deepEqual(
    (await cached()).toSorted(),
    [
      'engine-flink-a',
      'engine-kafka-streams-b',
      'engine-kafka-streams-c',
      basename(dirname(classPath[0]!)),
    ].toSorted(),
  )
})

for (const { what, line, code, remedy } of [
  {
    what: 'sources that do not compile',
    line: 'COMPILATION ERROR : Fold.java:[31,5] not a statement',
    code: 'BUILD_FAILED',
    remedy: /mvn -f functions\/engine-jvm\/pom\.xml -pl kafka-streams -am package/,
  },
  {
    what: 'a dependency that does not come',
    line: 'Could not transfer artifact org.apache.kafka:kafka-streams:jar:4.3.1: Unknown host repo',
    code: 'DOWNLOAD_FAILED',
    remedy: /check the network/,
  },
])
  test(`${what}: in Maven's words, and nothing half-made stays`, async () => {
    await maven(`echo '[ERROR] ${line}'; mkdir -p $out/fold/target; exit 1`)
    await assert.rejects(build(), (error: unknown) => {
      assert.ok(error instanceof TerminalError)
      assert.equal(error.code, code)
      assert.ok(error.message.includes(line), error.message)
      assert.match(error.remedy ?? '', remedy)
      return true
    })
    assert.deepEqual(await cached(), [])
  })

test(
  'a build that is stopped leaves nothing running or half-made',
  { timeout: 30_000 },
  async () => {
    await maven(`echo $$ > ${folder}/pid; exec sleep 60`)
    const stop = new AbortController()
    const attempt = build(stop.signal)
    attempt.catch(() => {}) // it is awaited below
    const pid = () => readFile(join(folder, 'pid'), 'utf8').catch(() => '')
    await eventually(async () => (await pid()).endsWith('\n'))
    stop.abort()
    await assert.rejects(attempt, { name: 'AbortError' })
    assert.equal(isAlive(Number(await pid())), false)
    assert.deepEqual(await cached(), [])
  },
)

test('options of the user come after those of the engine, where the JVM lets the last one win', async () => {
  const at = { classPath: ['/a.jar', '/b.jar'] }
  const args = javaArgs('flink', at, { ENGINE_JAVA_OPTIONS: ' -Xmx4g  -XX:+UseZGC' })
  assert.deepEqual(args.slice(args.indexOf('-Xmx4g')), [
    '-Xmx4g',
    '-XX:+UseZGC',
    '-cp',
    '/a.jar:/b.jar',
    'Leash',
    'orderup.flink.LocalFlink',
  ])
})
