import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KAFKA_VERSION } from '@order-up/control'
import { cached, cacheRoot, type CacheOptions } from './cache.ts'
import { compileJar, JAVA_SOURCES } from './jdk-tools.ts'
import { downloadFailed, MAVEN_DEPENDENCY_PLUGIN, runMaven } from './maven.ts'
import { findJdk, type Env, type Jdk } from './prerequisites.ts'

const APICURIO_VERSION = '3.3.3'
const LOG4J_VERSION = '2.25.5'

const LEASH_JAR = 'leash.jar'

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

const maven = (what: string, options: DownloadOptions, cwd: string, args: string[]) =>
  runMaven({
    ...options,
    doing: `Downloading ${what}`,
    cwd,
    args,
    failure: (shown) => downloadFailed(what, shown),
  })

/** Compiles local/stack/java once for each version of it and of the JDK. */
async function compileLeash(jdk: Jdk, kafkaJars: string[], cache: CacheOptions): Promise<string> {
  const names = (await readdir(JAVA_SOURCES)).filter((name) => name.endsWith('.java')).toSorted()
  const sources = names.map((name) => join(JAVA_SOURCES, name))
  const hash = createHash('sha256').update(`${jdk.version} ${KAFKA_VERSION}`)
  for (const source of sources) hash.update(await readFile(source))
  return cached(`leash-${hash.digest('hex').slice(0, 12)}`, cache, async (folder) => {
    await compileJar(jdk, { sources, classPath: kafkaJars, folder, name: LEASH_JAR })
  })
}
