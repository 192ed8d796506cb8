import { constants } from 'node:fs'
import { access, glob, readFile, realpath } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { TerminalError } from '@order-up/kit'

/** Environment variables, as given by the entry point. */
export type Env = Readonly<Record<string, string | undefined>>

/** Apicurio's class files ask for it; Kafka 4 would do with 17. */
const MIN_JDK = 21

export interface Jdk {
  home: string
  /** as its `release` file says, as 25.0.1 */
  version: string
}

/**
 * A JDK of at least {@link MIN_JDK}: JAVA_HOME's if it is one, else PATH's, else the newest where JDKs are usually
 * installed.
 * @throws TerminalError `JDK_MISSING` naming what was found and what to install
 */
export async function findJdk(env: Env): Promise<Jdk> {
  const seen: string[] = []
  for (const homes of [javaHome(env), javaOnPath(env), installedJdks(env)]) {
    const jdks = (await Promise.all((await homes).map(readJdk))).filter((jdk) => jdk !== undefined)
    jdks.sort((a, b) => major(b) - major(a))
    const [newest] = jdks
    if (newest && major(newest) >= MIN_JDK) return newest
    seen.push(...jdks.map((jdk) => `${jdk.version} in ${jdk.home}`))
  }
  const found = seen.length > 0 ? `found only ${[...new Set(seen)].join(', ')}` : 'found none'
  throw new TerminalError(
    'JDK_MISSING',
    `The broker and the registry need a JDK ${MIN_JDK} or later; ${found}`,
    {
      remedy:
        `install one (Debian, Ubuntu: apt-get install openjdk-${MIN_JDK}-jdk-headless; macOS: brew install openjdk; ` +
        'or adoptium.net), or set JAVA_HOME to it',
    },
  )
}

/** Maven's command; it is needed only while the broker and the registry are not yet in the cache. @throws TerminalError `MAVEN_MISSING` */
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
  return promisify(execFile)(tool, ['-v', `${MIN_JDK}+`]).then(
    ({ stdout }) => [stdout.trim()],
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
