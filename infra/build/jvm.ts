import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { FLINK_JAR } from './artifacts.ts'
import { ROOT } from './bundle.ts'
import { hashOf, merged, readFolder, under, type Files } from './files.ts'
import { contextOf, madeOf, type Made } from './make.ts'
import { run, ToolError, type Command } from './tools.ts'

/** What Maven makes for a deploy. */
export interface JvmArtifact extends Made {
  /** below dist/ */
  folder: JvmFolder
  content: Files
  /** hash over what it was made of: sources, Maven and JDK */
  sources: string
}

export const KAFKA_STREAMS_FOLDER = 'images/engine-kafka-streams'
type JvmFolder = 'flink' | typeof KAFKA_STREAMS_FOLDER

/** The least that compiles the engines; what is older is as good as none. */
const LEAST_JDK = 17

/**
 * The engines on the JVM, by Maven: Flink's jar, and the context of Kafka Streams' image. Built in a folder that goes
 * afterwards, so that what lies in a work tree's target folders is neither taken nor touched; without their tests, which
 * CI runs. The same sources, JDK and Maven give the same bytes, so that what the last build left is taken where all
 * three are the same.
 * @param dist the last build
 * @returns why they are left out, in words, where this machine can't build them
 * @throws ToolError with Maven's own words
 */
export async function makeJvm(
  dist: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly JvmArtifact[] | string> {
  const found = await findTools(signal)
  if ('missing' in found) return found.missing
  const sources = hashOf(merged(sourceFiles(), new Map([['tools', Buffer.from(found.versions)]])))
  const last = lastBuild(dist, sources)
  if (last) return last

  say('Maven builds the engines on the JVM: a minute, and some more where it has to download first')
  const out = mkdtempSync(join(tmpdir(), 'order-up-jvm-'))
  try {
    await run(mavenTo(out), { signal, onLine: (line) => sayModule(line, say) })
    return [
      artifact('flink', flinkFiles(out), sources),
      artifact(KAFKA_STREAMS_FOLDER, kafkaStreamsFiles(out), sources),
    ]
  } catch (error) {
    throw error instanceof ToolError ? new Error(wordsOf(error), { cause: error }) : error
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const artifact = (folder: JvmFolder, content: Files, sources: string): JvmArtifact => ({
  folder,
  content,
  sources,
  ...madeOf(content),
})

async function findTools(signal: AbortSignal): Promise<{ versions: string } | { missing: string }> {
  let about: string
  try {
    about = await run(['mvn', '-B', '-v'], { signal })
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    return { missing: error.message }
  }
  // without the folders and locale of this machine
  const versions = about.match(/Apache Maven \S+|Java version: [^\n]*?vendor: [^,\n]*/g) ?? []
  const jdk = /Java version: (\d+)/.exec(about)?.[1]
  return Number(jdk) >= LEAST_JDK
    ? { versions: versions.join('\n') }
    : { missing: `Maven's JDK is ${jdk ?? 'unknown'}, not ${LEAST_JDK} or later: set JAVA_HOME` }
}

function sourceFiles(): Files {
  const patterns = ['functions/engine-jvm/{pom.xml,*/pom.xml,*/src/main/**}', 'schemas/avro/**']
  const entries = globSync(patterns, { cwd: ROOT, withFileTypes: true })
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(ROOT.length + 1), readFileSync(path)]),
  )
}

const Manifest = z.record(
  z.string(),
  z.object({ sha256: z.string(), sources: z.string().optional() }),
)

/** What the last build made of these sources, if it still lies there whole. */
function lastBuild(dist: string, sources: string): readonly JvmArtifact[] | undefined {
  const path = join(dist, 'manifest.json')
  const manifest = existsSync(path) ? Manifest.parse(JSON.parse(readFileSync(path, 'utf8'))) : {}
  const artifacts = (['flink', KAFKA_STREAMS_FOLDER] as const).flatMap((folder) => {
    const entry = manifest[folder]
    if (entry?.sources !== sources || !existsSync(join(dist, folder))) return []
    const found = artifact(folder, readFolder(join(dist, folder)), sources)
    return found.sha256 === entry.sha256 ? [found] : []
  })
  return artifacts.length === 2 ? artifacts : undefined
}

const mavenTo = (out: string): Command => [
  'mvn',
  '-B',
  '-ntp',
  '-f',
  join(ROOT, 'functions/engine-jvm/pom.xml'),
  '-pl',
  'flink,kafka-streams',
  '-am',
  'package',
  '-Dmaven.test.skip=true',
  `-Dorderup.out=${out}/`,
]

/** "[INFO] Building Order-Up: the fold 0.1.0   [2/4]" */
function sayModule(line: string, say: (line: string) => void): void {
  const [, name, nth] = /^\[INFO\] Building (.+?) +\[(\d+\/\d+)\]$/.exec(line) ?? []
  if (nth) say(`  ${nth} ${name}`)
}

function wordsOf({ message, stdout }: ToolError): string {
  const errors = stdout.split('\n').filter((line) => line.startsWith('[ERROR]'))
  return [message, ...errors].join('\n  ')
}

const flinkFiles = (out: string): Files =>
  new Map([[FLINK_JAR, readFileSync(join(out, 'flink/target', FLINK_JAR))]])

const KAFKA_STREAMS_JAR = 'order-up-kafka-streams.jar'

function kafkaStreamsFiles(out: string): Files {
  const target = join(out, 'kafka-streams/target')
  const jar = readFileSync(join(target, KAFKA_STREAMS_JAR))
  const code = merged(
    new Map([[KAFKA_STREAMS_JAR, jar]]),
    under('lib', readFolder(join(target, 'lib'))),
  )
  return contextOf('jvm.Dockerfile', code)
}
