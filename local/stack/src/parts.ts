import { createHash } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { KAFKA_VERSION } from '@order-up/control'
import { TerminalError } from '@order-up/kit'
import { cached, cacheRoot, type CacheOptions } from './cache.ts'
import { findJdk, findMaven, type Env, type Jdk } from './prerequisites.ts'

const APICURIO_VERSION = '3.3.3'
const LOG4J_VERSION = '2.25.5'
const MAVEN_DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

const JAVA_SOURCES = join(import.meta.dirname, '../java')
const LEASH_JAR = 'leash.jar'
const ERROR_LINES = 3
const PROGRESS_EVERY_MS = 5_000

/** Everything that the broker and the registry need to start. */
export interface Parts {
  jdk: Jdk
  /** in the order in which they go on a class path: fixed, or the JVM's archive of classes would not fit */
  brokerClassPath: string[]
  registryHome: string
  leashJar: string
  /** JVM options by which it keeps a program's loaded classes from one start to the next: that halves the broker's start */
  classArchive: (program: string) => string[]
}

export interface PartsOptions {
  env: Env
  onProgress: (line: string) => void
  signal: AbortSignal
}

/**
 * Finds the JDK and, once per version, downloads the broker and the registry and compiles the leash.
 * @throws TerminalError `JDK_MISSING`, `MAVEN_MISSING`, `DOWNLOAD_FAILED`
 */
export async function provideParts(options: PartsOptions): Promise<Parts> {
  const jdk = await findJdk(options.env)
  const download = { ...options, jdk }
  const cache = { ...options, root: cacheRoot(options.env) }
  const kafka = await cached(`kafka-${KAFKA_VERSION}`, cache, (folder) =>
    downloadKafka(folder, download),
  )
  const registryHome = await cached(`apicurio-${APICURIO_VERSION}`, cache, (folder) =>
    downloadApicurio(folder, download),
  )
  const jars = (await readdir(kafka)).filter((name) => name.endsWith('.jar')).toSorted()
  const kafkaJars = jars.map((name) => join(kafka, name))
  const leash = await compileLeash(jdk, kafkaJars, cache)
  const leashJar = join(leash, LEASH_JAR)
  return {
    jdk,
    brokerClassPath: [leashJar, ...kafkaJars],
    registryHome,
    leashJar,
    classArchive: (program) => [
      '-XX:+AutoCreateSharedArchive',
      `-XX:SharedArchiveFile=${join(leash, `${program}.jsa`)}`,
    ],
  }
}

type DownloadOptions = PartsOptions & { jdk: Jdk }

async function downloadKafka(folder: string, options: DownloadOptions) {
  const dependency = (groupId: string, artifactId: string, version: string) =>
    `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`
  const pom = join(folder, 'pom.xml')
  await writeFile(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION)}
  </dependencies>
</project>
`,
  )
  await maven(`the Kafka broker ${KAFKA_VERSION} (44 MB)`, options, folder, [
    `${MAVEN_DEPENDENCY_PLUGIN}:copy-dependencies`,
    `--file=${pom}`,
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ])
}

async function downloadApicurio(folder: string, options: DownloadOptions) {
  await maven(`the schema registry Apicurio ${APICURIO_VERSION} (158 MB)`, options, folder, [
    `${MAVEN_DEPENDENCY_PLUGIN}:unpack`,
    `-Dartifact=io.apicurio:apicurio-registry-app:${APICURIO_VERSION}:tar.gz:all`,
    `-DoutputDirectory=${folder}`,
  ])
}

async function maven(
  what: string,
  { env, jdk, onProgress, signal }: DownloadOptions,
  cwd: string,
  args: string[],
): Promise<void> {
  const command = await findMaven(env)
  onProgress(`Downloading ${what}, once`)
  const started = Date.now()
  const errors: string[] = []
  let current = ''
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1_000)
    onProgress(`  still downloading after ${seconds} s${current && `: ${current}`}`)
  }, PROGRESS_EVERY_MS)
  const child = spawn(command, ['--batch-mode', ...args], {
    cwd,
    env: { ...env, JAVA_HOME: jdk.home },
    stdio: ['ignore', 'pipe', 'ignore'], // stderr has nothing but the JVM's complaints about Maven itself
  })
  const stop = () => child.kill()
  signal.addEventListener('abort', stop)
  try {
    const ended = endOf(child)
    for await (const line of createInterface(child.stdout)) {
      current = /^Download\w+ from \S+: \S+\/(\S+)/.exec(line)?.[1] ?? current
      if (line.startsWith('[ERROR]')) errors.push(line)
    }
    const code = await ended
    signal.throwIfAborted()
    if (code !== 0)
      throw new TerminalError(
        'DOWNLOAD_FAILED',
        `Maven could not download ${what}:\n  ${errors.slice(0, ERROR_LINES).join('\n  ')}`,
        {
          remedy:
            'check the network, and that Maven reaches Maven Central or the mirror in ~/.m2/settings.xml; ' +
            'then run the same command again',
        },
      )
  } finally {
    clearInterval(progress)
    signal.removeEventListener('abort', stop)
  }
}

/** Compiles local/stack/java once for each version of it and of the JDK. */
async function compileLeash(jdk: Jdk, kafkaJars: string[], cache: CacheOptions): Promise<string> {
  const names = (await readdir(JAVA_SOURCES)).filter((name) => name.endsWith('.java')).toSorted()
  const sources = names.map((name) => join(JAVA_SOURCES, name))
  const hash = createHash('sha256').update(`${jdk.version} ${KAFKA_VERSION}`)
  for (const source of sources) hash.update(await readFile(source))
  return cached(`leash-${hash.digest('hex').slice(0, 12)}`, cache, async (folder) => {
    const classes = join(folder, 'classes')
    await run(jdk, 'javac', ['-cp', kafkaJars.join(':'), '-d', classes, ...sources])
    await run(jdk, 'jar', ['--create', '--file', join(folder, LEASH_JAR), '-C', classes, '.'])
  })
}

async function run(jdk: Jdk, tool: string, args: string[]): Promise<void> {
  const child = spawn(join(jdk.home, 'bin', tool), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await endOf(child)
  if (code !== 0) throw new TerminalError('JDK_BROKEN', `${tool} of ${jdk.home} failed (${code})`)
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}
