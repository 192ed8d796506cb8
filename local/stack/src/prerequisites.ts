import { constants } from 'node:fs'
import { access, glob, readFile, realpath } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { TerminalError } from '@order-up/kit'

/** Environment variables, as given by the entry point. */
export type Env = Readonly<Record<string, string | undefined>>

/** Which JDKs something runs on. */
export interface JdkNeed {
  /** "The broker and the registry need" */
  who: string
  min: number
  /** default: any later one */
  max?: number
}

/** Apicurio's class files ask for it; Kafka 4 would do with 17. */
export const STACK_JDK: JdkNeed = { who: 'The broker and the registry need', min: 21 }

export interface Jdk {
  home: string
  /** as its `release` file says, as 25.0.1 */
  version: string
}

/**
 * A JDK that fits: JAVA_HOME's if it does, else PATH's, else the newest that does where JDKs are usually installed.
 * @throws TerminalError `JDK_MISSING` naming what was found and what to install
 */
export async function findJdk(env: Env, need: JdkNeed = STACK_JDK): Promise<Jdk> {
  const { min, max = Infinity } = need
  const seen: string[] = []
  for (const homes of [javaHome(env), javaOnPath(env), installedJdks(env)]) {
    const jdks = (await Promise.all((await homes).map(readJdk))).filter((jdk) => jdk !== undefined)
    const fitting = jdks.filter((jdk) => min <= major(jdk) && major(jdk) <= max)
    const [newest] = fitting.toSorted((a, b) => major(b) - major(a))
    if (newest) return newest
    seen.push(...jdks.map((jdk) => `${jdk.version} in ${jdk.home}`))
  }
  throw jdkMissing(need, [...new Set(seen)])
}

function jdkMissing({ who, min, max }: JdkNeed, seen: readonly string[]): TerminalError {
  const range = max === undefined ? `a JDK ${min} or later` : `a JDK from ${min} to ${max}`
  const found = seen.length > 0 ? `found only ${seen.join(', ')}` : 'found none'
  const version = max ?? min
  return new TerminalError('JDK_MISSING', `${who} ${range}; ${found}`, {
    remedy:
      `install one (Debian, Ubuntu: apt-get install openjdk-${version}-jdk-headless; ` +
      `macOS: brew install openjdk${max === undefined ? '' : `@${max}`}; or adoptium.net), or set JAVA_HOME to it`,
  })
}

/** Maven's command; it is needed only for what is not yet in the cache. @throws TerminalError `MAVEN_MISSING` */
export async function findMaven(env: Env): Promise<string> {
  const maven = await findOnPath('mvn', env)
  if (maven) return maven
  throw new TerminalError('MAVEN_MISSING', 'Maven (mvn) is not on the PATH', {
    remedy: 'install it (Debian, Ubuntu: apt-get install maven; macOS: brew install maven)',
  })
}

const major = (jdk: Jdk) => Number.parseInt(jdk.version, 10)

async function findOnPath(command: string, { PATH = '' }: Env): Promise<string | undefined> {
  for (const folder of PATH.split(delimiter)) {
    const path = join(folder, command)
    if (await isExecutable(path)) return path
  }
  return undefined
}

const javaHome = ({ JAVA_HOME }: Env) => Promise.resolve(JAVA_HOME ? [JAVA_HOME] : [])

async function javaOnPath(env: Env): Promise<string[]> {
  const java = await findOnPath('java', env)
  return java ? [dirname(dirname(await realpath(java)))] : []
}

async function installedJdks({ HOME = '/nonexistent' }: Env): Promise<string[]> {
  const folders = await Array.fromAsync(
    glob([
      '/usr/lib/jvm/*',
      '/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home',
      '/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home',
      `${HOME}/.sdkman/candidates/java/*`,
    ]),
  )
  return [...folders, ...(await macOsJavaHome())]
}

async function macOsJavaHome(): Promise<string[]> {
  const tool = '/usr/libexec/java_home'
  if (!(await isExecutable(tool))) return []
  // exits 1 where there is none
  return promisify(execFile)(tool, ['-V']).then(
    ({ stderr }) => [...stderr.matchAll(/ (\/\S.*\/Home)$/gm)].map((match) => match[1]!),
    () => [],
  )
}

/** A folder counts as a JDK if it has a compiler and says its version: undefined for a JRE or anything else. */
async function readJdk(home: string): Promise<Jdk | undefined> {
  if (!(await isExecutable(join(home, 'bin', 'javac')))) return undefined
  const release = await readFile(join(home, 'release'), 'utf8').catch(() => '')
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1]
  return version ? { home, version } : undefined
}

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
