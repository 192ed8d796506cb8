import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { delimiter, join, relative } from 'node:path'
import { TerminalError } from '@order-up/kit'
import { cached, cacheRoot, exists, prune } from '../cache.ts'
import { compileJar, JAVA_SOURCES } from '../jdk-tools.ts'
import { downloadFailed, MAVEN_DEPENDENCY_PLUGIN, runMaven } from '../maven.ts'
import { findJdk, type Env, type Jdk } from '../prerequisites.ts'
import { JVM_ENGINES, type JvmEngine, type JvmEngineName } from './jvm-engine.ts'
import { PROJECT, sourceHash } from './jvm-sources.ts'

/** Builds of an engine that stay: of this version of its sources, and of the last ones, for whoever goes back. */
const KEPT_BUILDS = 3
const LEASH_JAR = 'leash.jar'
const CLASS_PATH = 'class-path'
/** Maven fills the braces in, for each module. */
const MODULE_CLASS_PATH = '${project.build.directory}/class-path'

export interface BuildOptions {
  env: Env
  onProgress(line: string): void
  signal: AbortSignal
}

/** A built engine. */
export interface JvmBuild {
  jdk: Jdk
  /** the short name of what it was built from */
  hash: string
  /** in the order in which they go on a class path, Leash among them */
  classPath: readonly string[]
}

/**
 * Finds the build of an engine from its sources as they are, or makes it.
 * @throws TerminalError `JDK_MISSING`, `MAVEN_MISSING`, `DOWNLOAD_FAILED`, `BUILD_FAILED`
 */
export async function provideBuild(name: JvmEngineName, options: BuildOptions): Promise<JvmBuild> {
  const engine = JVM_ENGINES[name]
  const { env } = options
  const jdk = await findJdk(env, engine.jdk)
  const root = cacheRoot(env)
  const hash = await buildHash(name)
  const home = await cached(
    prefixOf(engine) + hash,
    { ...options, root },
    async (folder) => {
      await build(engine, jdk, folder, options)
      await prune(root, prefixOf(engine), KEPT_BUILDS - 1)
    },
    async (folder) => (await classPathOf(folder)) !== undefined,
  )
  const now = new Date()
  await utimes(home, now, now) // the builds that were used last are kept
  return { jdk, hash, classPath: (await classPathOf(home))! }
}

/**
 * The JDK of an engine, and whether it is built from its sources as they are.
 * @throws TerminalError `JDK_MISSING`
 */
export async function examineBuild(
  name: JvmEngineName,
  env: Env,
): Promise<{ jdk: Jdk; isBuilt: boolean }> {
  const engine = JVM_ENGINES[name]
  const jdk = await findJdk(env, engine.jdk)
  const home = join(cacheRoot(env), prefixOf(engine) + (await buildHash(name)))
  return { jdk, isBuilt: (await classPathOf(home)) !== undefined }
}

/**
 * Options and main class to run a built engine with. No archive of its classes: it would save a quarter of a start's
 * CPU, but the JVM writes it at the first stop, which then takes longer than a supervisor waits.
 */
export function javaArgs(
  name: JvmEngineName,
  { classPath }: Pick<JvmBuild, 'classPath'>,
  env: Env,
): string[] {
  const { options, main } = JVM_ENGINES[name]
  const own = (env['ENGINE_JAVA_OPTIONS'] ?? '').split(/\s+/).filter((option) => option !== '')
  return [...COMMON, ...options, ...own, '-cp', classPath.join(delimiter), 'Leash', main]
}

/** RocksDB, and what compresses for Kafka */
const COMMON = ['--enable-native-access=ALL-UNNAMED']

const prefixOf = ({ module }: JvmEngine) => `engine-${module}-`

/** The short name of what an engine is built from, as its sources are. */
export function buildHash(name: JvmEngineName): Promise<string> {
  const others = Object.keys(JVM_ENGINES).filter((other) => other !== name)
  return sourceHash(others, mavenArgs(JVM_ENGINES[name], '').join(' '))
}

const mavenArgs = ({ module, scope }: JvmEngine, out: string) => [
  '-pl',
  module,
  '-am',
  `-Dorderup.out=${out}`,
  '-Dmaven.test.skip=true',
  'package',
  `${MAVEN_DEPENDENCY_PLUGIN}:build-classpath`,
  `-DincludeScope=${scope}`,
  `-Dmdep.outputFile=${MODULE_CLASS_PATH}`,
]

async function build(
  engine: JvmEngine,
  jdk: Jdk,
  folder: string,
  options: BuildOptions,
): Promise<void> {
  const { module } = engine
  const out = join(folder, 'build')
  await mkdir(out)
  await runMaven({
    ...options,
    jdk,
    doing: `Building the engine ${module}`,
    cwd: PROJECT,
    args: mavenArgs(engine, `${out}/`),
    failure: (shown, errors) => buildFailed(module, shown, errors),
  })
  await compileJar(jdk, {
    sources: [join(JAVA_SOURCES, 'Leash.java')],
    classPath: [],
    folder,
    name: LEASH_JAR,
  })
  const target = join(out, module, 'target')
  const found = (await readFile(join(target, CLASS_PATH), 'utf8')).trim().split(delimiter)
  const jars = [join(target, `order-up-${module}.jar`), ...found.filter((path) => path !== '')]
  await writeFile(join(folder, CLASS_PATH), (await keep(jars, out, folder)).join('\n'))
  await rm(out, { recursive: true })
}

/** Moves the modules' own jars out of the folder that Maven built in. @returns the class path, own jars by name */
async function keep(jars: readonly string[], out: string, folder: string): Promise<string[]> {
  const kept: string[] = []
  for (const jar of jars) {
    if (relative(out, jar).startsWith('..')) {
      kept.push(jar)
      continue
    }
    const name = jar.slice(jar.lastIndexOf('/') + 1)
    await rename(jar, join(folder, name))
    kept.push(name)
  }
  return kept
}

/** The class path of a build; undefined where there is none, or a jar is gone from Maven's own store. */
async function classPathOf(home: string): Promise<string[] | undefined> {
  const text = await readFile(join(home, CLASS_PATH), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const jars = [LEASH_JAR, ...text.split('\n')].map((jar) =>
    jar.startsWith('/') ? jar : join(home, jar),
  )
  const there = await Promise.all(jars.map(exists))
  return there.every(Boolean) ? jars : undefined
}

const NOT_DOWNLOADED = /could not (resolve|transfer|find)|unknown host|plugin .* not be resolved/i

function buildFailed(module: string, shown: string, errors: readonly string[]): TerminalError {
  if (errors.some((line) => NOT_DOWNLOADED.test(line)))
    return downloadFailed(`what the engine ${module} is built with`, shown)
  return new TerminalError('BUILD_FAILED', `The engine ${module} does not build:\n  ${shown}`, {
    remedy: `see all that Maven says: mvn -f functions/engine-jvm/pom.xml -pl ${module} -am package`,
  })
}
