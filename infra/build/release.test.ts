import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { ROOT } from './bundle.ts'
import { hashOf, readFolder } from './files.ts'

/*
 * The command with stand-ins for pulumi, aws and docker, which record how they are called and answer as those do. Not
 * shown: that the real ones take these arguments, ECR's rights, and the build itself.
 */

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
const OUTPUTS = {
  artifactBucket: 'order-up-artifacts-1a2b',
  keyArn: 'arn:aws:kms:eu-west-1:123456789012:key/k',
  repositories: {
    'engine-node': `${HOST}/order-up/engine-node`,
    'engine-kafka-streams': `${HOST}/order-up/engine-kafka-streams`,
    sink: `${HOST}/order-up/sink`,
    parity: `${HOST}/order-up/parity`,
  },
}
const DIGEST = { there: `sha256:${'a'.repeat(64)}`, pushed: `sha256:${'b'.repeat(64)}` }

/** What a program says to arguments that match, and how it ends. */
interface Answer {
  when: RegExp
  out?: string
  err?: string
  code?: number
  /** into the file behind --metadata-file */
  metadata?: string
  hang?: boolean
}

const NOT_THERE = {
  when: /describe-images/,
  code: 254,
  err: 'An error occurred (ImageNotFoundException) when calling the DescribeImages operation',
}
const ANSWERS: Readonly<Record<string, readonly Answer[]>> = {
  pulumi: [{ when: /^stack output/, out: JSON.stringify(OUTPUTS) }],
  aws: [NOT_THERE, { when: /get-login-password/, out: 'hunter2' }],
  docker: [
    {
      when: /^buildx/,
      metadata: JSON.stringify({ 'containerimage.digest': DIGEST.pushed }),
      err: '#1 building',
    },
  ],
}

interface Call {
  command: string
  input: string
}

function scene(t: TestContext, answers: Readonly<Record<string, readonly Answer[]>>) {
  const dir = mkdtempSync(join(tmpdir(), 'order-up-release-test-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const [bin, dist, log] = [join(dir, 'bin'), join(dir, 'dist'), join(dir, 'calls')]
  mkdirSync(bin)
  writeFileSync(log, '')
  const pack = (image: string) => {
    mkdirSync(join(dist, 'images', image, 'app'), { recursive: true })
    writeFileSync(join(dist, 'images', image, 'Dockerfile'), `FROM ${image}`)
    writeFileSync(join(dist, 'images', image, 'app/index.mjs'), '')
  }
  for (const image of ['engine-node', 'sink', 'parity']) pack(image)
  for (const [program, list] of Object.entries(answers)) {
    const plain = list.map((answer) => ({ ...answer, when: answer.when.source }))
    writeFileSync(join(bin, program), standIn(program, log, plain), { mode: 0o755 })
  }
  const tagOf = (image: string) => hashOf(readFolder(join(dist, 'images', image)))
  const calls = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Call)
  const env = { PATH: bin, ORDER_UP_DIST: dist, TMPDIR: dir }
  return {
    dist,
    pack,
    tagOf,
    tags: { engine: tagOf('engine-node'), sink: tagOf('sink'), parity: tagOf('parity') },
    start: (...args: string[]) =>
      spawn(process.execPath, [join(ROOT, 'infra/build/release.ts'), ...args], { env }),
    run: (...args: string[]) =>
      promisify(execFile)(process.execPath, [join(ROOT, 'infra/build/release.ts'), ...args], {
        env,
      }),
    calls,
    commands: () =>
      calls().map(({ command }) =>
        command
          .replaceAll(ROOT, '<root>')
          .replaceAll(dist, '<dist>')
          .replace(/\S+\/metadata\.json/, '<metadata>'),
      ),
  }
}

const standIn = (program: string, log: string, answers: object) => `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs')
// before it says anything: who reads that may end it at once
process.on('SIGTERM', () => {
  appendFileSync(${JSON.stringify(log)}, '{"command":"ended","input":""}\\n')
  process.exit(1)
})
const args = process.argv.slice(2)
const input = readFileSync(0, 'utf8')
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ command: [${JSON.stringify(program)}, ...args].join(' '), input }) + '\\n')
const answer = ${JSON.stringify(answers)}.find(({ when }) => new RegExp(when).test(args.join(' '))) ?? {}
if (answer.metadata) writeFileSync(args[args.indexOf('--metadata-file') + 1], answer.metadata)
process.stdout.write(answer.out ?? '')
process.stderr.write(answer.err ?? '')
process.exitCode = answer.code ?? 0
if (answer.hang) setInterval(() => {}, 1_000)
`

const describe = (name: string, tag: string) =>
  `aws ecr describe-images --region eu-west-1 --repository-name order-up/${name} --image-ids imageTag=${tag} --output json`
const build = (name: string, tag: string) =>
  `docker buildx build --platform linux/arm64 --provenance=false --push --tag ${HOST}/order-up/${name}:${tag} --metadata-file <metadata> <dist>/images/${name}`
const set = (key: string, value: string) =>
  `pulumi config set --cwd <root> --path --plaintext --stack dev order-up:${key} ${value}`
const OUTPUT = 'pulumi stack output --json --cwd <root>/infra/bootstrap --stack dev'
const LOGIN = [
  'aws ecr get-login-password --region eu-west-1',
  `docker login --username AWS --password-stdin ${HOST}`,
]
const settings = (digest: string) => [
  set('bootstrap.artifactBucket', OUTPUTS.artifactBucket),
  set('bootstrap.keyArn', OUTPUTS.keyArn),
  set('images.engine-node', `${HOST}/order-up/engine-node@${digest}`),
  set('images.sink', `${HOST}/order-up/sink@${digest}`),
  set('images.parity', `${HOST}/order-up/parity@${digest}`),
]

test('images are pushed under the hash of their context, and then the config names their digests', async (t) => {
  const { run, commands, calls, tags } = scene(t, ANSWERS)

  const { stderr } = await run('dev')

  assert.deepEqual(commands(), [
    OUTPUT,
    describe('engine-node', tags.engine),
    ...LOGIN,
    build('engine-node', tags.engine),
    describe('sink', tags.sink),
    build('sink', tags.sink),
    describe('parity', tags.parity),
    build('parity', tags.parity),
    ...settings(DIGEST.pushed),
  ])
  const told = calls().filter(({ input }) => input !== '')
  assert.deepEqual(
    told.map(({ command, input }) => [command, input]),
    [[LOGIN[1], 'hunter2']],
  )
  assert.doesNotMatch(stderr, /hunter2/)
  assert.match(stderr, /Next: pulumi up --stack dev\n$/)
})

test('an image that was pushed before is not pushed again', async (t) => {
  const imageDetails = [{ imageDigest: DIGEST.there, imageTags: ['t'] }]
  const { run, commands, tags } = scene(t, {
    ...ANSWERS,
    aws: [{ when: /describe-images/, out: JSON.stringify({ imageDetails }) }],
  })

  await run('dev')

  assert.deepEqual(commands(), [
    OUTPUT,
    describe('engine-node', tags.engine),
    describe('sink', tags.sink),
    describe('parity', tags.parity),
    ...settings(DIGEST.there),
  ])
})

test('the image of Kafka Streams goes with them where Maven made it, and it is said where not', async (t) => {
  const { run, commands, pack, tagOf } = scene(t, ANSWERS)

  const { stderr } = await run('dev')
  assert.match(stderr, /^engine-kafka-streams is not built .*: its image stays as it is$/m)
  assert.ok(!commands().some((command) => command.includes('kafka-streams')))

  pack('engine-kafka-streams')
  await run('dev')
  const image = 'engine-kafka-streams'
  assert.deepEqual(
    commands().filter((command) => command.includes('kafka-streams')),
    [
      describe(image, tagOf(image)),
      build(image, tagOf(image)),
      set(`images.${image}`, `${HOST}/order-up/${image}@${DIGEST.pushed}`),
    ],
  )
})

test('a dry run only reads, and prints the rest', async (t) => {
  const { run, commands, tags } = scene(t, ANSWERS)

  const { stdout } = await run('dev', '--dry-run')

  assert.deepEqual(commands(), [
    OUTPUT,
    describe('engine-node', tags.engine),
    describe('sink', tags.sink),
    describe('parity', tags.parity),
  ])
  const lines = stdout.trim().split('\n')
  assert.deepEqual(lines.slice(0, 2), LOGIN)
  assert.equal(lines.length, 10)
  assert.ok(lines[2]!.startsWith(`docker buildx build --platform linux/arm64`))
  assert.equal(
    lines.at(-1)!.replace(ROOT, '<root>'),
    set('images.parity', `'${HOST}/order-up/parity@<its digest>'`),
  )
})

const { pulumi, aws, docker } = ANSWERS as Record<'pulumi' | 'aws' | 'docker', readonly Answer[]>
for (const [what, answers, why] of [
  ['no pulumi', { aws, docker }, /pulumi is not on the PATH\.\n {2}Next: https:\/\/www\.pulumi/],
  ['no aws', { pulumi, docker }, /aws is not on the PATH\.\n {2}Next: https:\/\/docs\.aws/],
  ['no docker', { pulumi, aws }, /docker is not on the PATH\.\n {2}Next: https:\/\/docs\.docker/],
  [
    'no bootstrap stage',
    {
      ...ANSWERS,
      pulumi: [{ when: /^stack/, code: 255, err: "error: no stack named 'dev' found" }],
    },
    /bootstrap stage has no stack dev\.\n {2}Next: pulumi up --cwd infra\/bootstrap --stack dev/,
  ],
  [
    'a bootstrap stage that was never brought up',
    { ...ANSWERS, pulumi: [{ when: /^stack/, out: '{}' }] },
    /outputs .* lack something \(artifactBucket: .*; keyArn: .*\n {2}Next: pulumi up --cwd/,
  ],
  [
    'no repository of an image',
    {
      ...ANSWERS,
      pulumi: [{ when: /^stack/, out: JSON.stringify({ ...OUTPUTS, repositories: {} }) }],
    },
    /repositories\.engine-node is missing: it must be a repository of ECR/,
  ],
  [
    'a login that AWS refuses',
    { ...ANSWERS, aws: [{ when: /describe/, code: 255, err: 'Unable to locate credentials' }] },
    /describe-images .* failed with 255:\n {2}Unable to locate credentials/,
  ],
  [
    'a build that fails',
    { ...ANSWERS, docker: [{ when: /^buildx/, code: 1, err: 'Cannot connect to the daemon\n' }] },
    /Cannot connect to the daemon[^]*docker buildx build .* failed with 1$/m,
  ],
] as const)
  test(`${what}: it says so, and the config is as it was`, async (t) => {
    const { run, commands } = scene(t, answers)

    await assert.rejects(run('dev'), ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 1)
      assert.match(stderr, /^The release failed:$/m)
      assert.match(stderr, why)
      return true
    })
    assert.deepEqual(
      commands().filter((command) => command.includes('config set')),
      [],
    )
  })

test('what was not built is named before anything is asked', async (t) => {
  const { run, calls, dist } = scene(t, ANSWERS)
  rmSync(join(dist, 'images/sink'), { recursive: true })

  await assert.rejects(run('dev'), {
    code: 1,
    stderr: /images\/sink\/Dockerfile\.\n {2}Next: npm run build$/m,
  })
  assert.deepEqual(calls(), [])
})

test('no stack, two, or an unknown option: usage', async (t) => {
  const { run, calls } = scene(t, ANSWERS)

  for (const args of [[], ['dev', 'prod'], ['dev', '--force']])
    await assert.rejects(run(...args), { code: 2, stderr: /npm run release -- <stack>/ })
  assert.deepEqual(calls(), [])
})

test('Ctrl-C while docker builds ends docker, changes nothing, and is said', async (t) => {
  const hanging = [{ when: /^buildx/, err: '#1 building', hang: true }]
  const { start, commands } = scene(t, { ...ANSWERS, docker: hanging })
  const child = start('dev')
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (!stderr.includes('#1') && String(chunk).includes('#1')) child.kill('SIGINT')
    stderr += String(chunk)
  })

  const [code] = (await once(child, 'close')) as [number]

  assert.equal(code, 130)
  assert.equal(commands().at(-1), 'ended')
  assert.match(stderr, /Stopped\. The same command goes on from what is pushed\.\n$/)
  assert.deepEqual(
    commands().filter((command) => command.includes('config set')),
    [],
  )
})
