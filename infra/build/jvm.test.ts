import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ROOT } from './bundle.ts'
import { hashOf, merged, readFolder, replaceFolder, under } from './files.ts'
import { makeJvm, type JvmArtifact } from './jvm.ts'
import { standInMaven } from './maven.fixture.ts'

/*
 * With a stand-in for Maven. Not shown: that Maven takes these arguments and the jars run (the local stack builds and
 * runs them), and `docker build` of the context.
 */

function scene(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'order-up-jvm-test-'))
  const path = process.env['PATH']
  t.after(() => {
    process.env['PATH'] = path
    rmSync(dir, { recursive: true, force: true })
  })
  const maven = standInMaven(join(dir, 'bin'))
  process.env['PATH'] = maven.bin
  const [dist, said] = [join(dir, 'dist'), [] as string[]]
  const make = () => makeJvm(dist, (line) => said.push(line), new AbortController().signal)
  const made = async () => {
    const artifacts = await make()
    return typeof artifacts === 'string' ? assert.fail(artifacts) : artifacts
  }
  return { ...maven, dist, said, make, made }
}

/** As `npm run build` leaves them. */
function keep(dist: string, artifacts: readonly JvmArtifact[]): void {
  const entries = artifacts.map(({ folder, content: _, ...rest }) => [folder, rest] as const)
  const manifest = { sink: { sha256: '' }, ...Object.fromEntries(entries) }
  const contents = artifacts.map(({ folder, content }) => under(folder, content))
  const text = Buffer.from(JSON.stringify(manifest))
  replaceFolder(dist, merged(new Map([['manifest.json', text]]), ...contents))
}

const identity = ({ folder, sha256, sources }: JvmArtifact) => [folder, sha256, sources]

test("Flink's jar, and all that Kafka Streams' image is built of", async (t) => {
  const { made, said, builds } = scene(t)

  const artifacts = await made()

  assert.deepEqual(
    artifacts.map(({ folder, content }) => [folder, [...content.keys()].toSorted()]),
    [
      ['flink', ['order-up-flink.jar']],
      [
        'images/engine-kafka-streams',
        [
          'Dockerfile',
          'app/lib/kafka-streams.jar',
          'app/order-up-kafka-streams.jar',
          'state/.keep',
        ],
      ],
    ],
  )
  for (const { sha256, content } of artifacts) assert.equal(sha256, hashOf(content))
  const [build] = builds()
  assert.match(
    build!.replace(ROOT, '<root>'),
    /^-B -ntp -f <root>\/functions\/engine-jvm\/pom\.xml -pl flink,kafka-streams -am package -Dmaven\.test\.skip=true -Dorderup\.out=\/.*order-up-jvm-\w+\/$/,
  )
  assert.equal(said.at(-1), '  1/2 The fold 0.1.0')
})

test('what was made of the same sources by the same tools is not made again', async (t) => {
  const { dist, made, builds, answer } = scene(t)
  const first = await made()
  keep(dist, first)

  assert.deepEqual((await made()).map(identity), first.map(identity))
  assert.equal(builds().length, 1)

  answer({ java: '21.0.1' })
  const second = await made()
  assert.notEqual(second[0]?.sources, first[0]?.sources)
  assert.equal(builds().length, 2)
})

test('what is damaged or gone since is made again', async (t) => {
  const { dist, made, builds } = scene(t)
  const whole = await made()
  for (const damage of [
    () => writeFileSync(join(dist, 'flink/order-up-flink.jar'), 'half'),
    () => rmSync(join(dist, 'images/engine-kafka-streams'), { recursive: true }),
  ]) {
    keep(dist, whole)
    damage()
    const before = builds().length

    assert.deepEqual((await made()).map(identity), whole.map(identity))
    assert.equal(builds().length, before + 1)
  }
})

test('without Maven, or with an old JDK, it is said why they are left out', async (t) => {
  const { bin, make, answer, builds } = scene(t)

  answer({ java: '11.0.2' })
  assert.equal(await make(), "Maven's JDK is 11, not 17 or later: set JAVA_HOME")

  rmSync(join(bin, 'mvn'))
  assert.match(
    (await make()) as string,
    /^mvn is not on the PATH\.\n {2}Next: install Maven and a JDK 17 or later, https:/,
  )
  assert.deepEqual(builds(), [])
})

test("a build that fails says Maven's errors, and leaves no folder", async (t) => {
  const { make, answer, builds } = scene(t)
  answer({ error: 'Fold.java:[12,3] cannot find symbol' })

  await assert.rejects(
    make(),
    /mvn .* package .* failed with 1[^]*\[ERROR\] Fold\.java:\[12,3\] cannot find symbol$/,
  )
  const out = /-Dorderup\.out=(\S+)/.exec(builds()[0]!)![1]!
  assert.throws(() => readFolder(out), { code: 'ENOENT' })
})
