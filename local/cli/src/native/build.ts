import { execFile, spawn } from 'node:child_process'
import { cp, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, messageOf, TerminalError } from '@order-up/kit'
import { cached, exists, type CacheOptions } from '@order-up/stack'

const run = promisify(execFile)

const ADDON = '@confluentinc/kafka-javascript'
/** What librdkafka is compiled with, by the packages of Debian and Ubuntu that bring it. */
const HEADERS: Readonly<Record<string, string>> = {
  'curl/curl.h': 'libcurl4-openssl-dev',
  'openssl/ssl.h': 'libssl-dev',
  'zlib.h': 'zlib1g-dev',
  'zstd.h': 'libzstd-dev',
  'sasl/sasl.h': 'libsasl2-dev',
  'lz4.h': 'liblz4-dev',
}
const TOOLS: Readonly<Record<string, string>> = { 'g++': 'g++', make: 'make', python3: 'python3' }

const DOWNLOAD_MS = 60_000
const PROGRESS_EVERY_MS = 5_000

export interface NativeBuild extends CacheOptions {
  /** the project's root: its node_modules takes the addon */
  project: string
  /** npm's JavaScript */
  npm: string
  env: Readonly<Record<string, string | undefined>>
}

/** The cache's name for a build: another version, Node, system or C library needs another one. */
export function buildName(version: string): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const libc = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
  return [
    `native-kafka-${version}`,
    `node${process.versions.modules}`,
    process.platform,
    process.arch,
    ...(process.platform === 'linux' ? [libc] : []),
  ].join('-')
}

/**
 * Puts the addon that this Node can load into the project's node_modules: from the cache, else as it can be downloaded,
 * else compiled here.
 * @throws TerminalError `NATIVE_TOOLS_MISSING` naming the packages to install, `NATIVE_BUILD_FAILED`
 */
export async function provideNative(version: string, options: NativeBuild): Promise<void> {
  const { project, npm, onProgress, signal, env } = options
  const folder = join(project, 'node_modules', ADDON)
  if (!(await exists(folder))) {
    // an npm that runs every install script takes an optional package away whose script failed
    const args = ['install', '--no-save', '--ignore-scripts', `${ADDON}@${version}`]
    await follow('Installing the package', process.execPath, [npm, ...args], options, project)
  }
  const build = join(folder, 'build')
  const kept = await cached(buildName(version), options, async (target) => {
    await rm(build, { recursive: true, force: true })
    await download(folder, options).catch(async (error: unknown) => {
      signal.throwIfAborted()
      onProgress(`No binary could be downloaded (${messageOf(error)}): it is compiled`)
      await assertTools(env)
      await compile(folder, options)
    })
    await prune(build)
    await cp(build, target, { recursive: true, verbatimSymlinks: true })
  })
  await rm(build, { recursive: true, force: true })
  await cp(kept, build, { recursive: true, verbatimSymlinks: true })
}

const preGyp = (project: string, how: string) => [
  join(project, 'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp'),
  'install',
  how,
]

async function download(folder: string, { project, env, signal }: NativeBuild): Promise<void> {
  const args = preGyp(project, '--fallback-to-build=false')
  try {
    await run(process.execPath, args, { cwd: folder, env, signal, timeout: DOWNLOAD_MS })
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? messageOf(error)
    const why = /^\[error\] stack (?:\w*Error: )?(.*)$/m.exec(said)?.[1]
    throw new Error(why ?? 'node-pre-gyp said nothing', { cause: error })
  }
}

/** @throws TerminalError `NATIVE_TOOLS_MISSING` */
export async function assertTools(env: NativeBuild['env']): Promise<void> {
  const tools = await missingOf(TOOLS, (tool) => run(tool, ['--version'], { env }))
  const headers = tools.includes('g++') ? Object.values(HEADERS) : await missingHeaders(env)
  const missing = [...tools, ...headers]
  if (missing.length === 0) return
  throw new TerminalError(
    'NATIVE_TOOLS_MISSING',
    `Compiling the native Kafka client takes what is not there: ${missing.join(', ')}`,
    {
      remedy: `\`sudo apt-get install -y ${missing.join(' ')}\` (or what your system calls them), then the same command again`,
    },
  )
}

const missingHeaders = (env: NativeBuild['env']) =>
  missingOf(HEADERS, (header) =>
    run('g++', ['-fsyntax-only', '-x', 'c', '-include', header, '/dev/null'], { env }),
  )

/** Those packages without which `look` fails. */
async function missingOf(
  packages: Readonly<Record<string, string>>,
  look: (what: string) => Promise<unknown>,
): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(packages).map(([what, name]) =>
      look(what).then(
        () => [],
        () => [name],
      ),
    ),
  )
  return found.flat()
}

/** One job at a time: the addon's makefile does not say that it needs what librdkafka's configuring writes. */
async function compile(folder: string, options: NativeBuild): Promise<void> {
  const { project, npm, env } = options
  // the npm package `node` brings the headers of the Node that will load it
  const home = await headersOf(project)
  const settings = {
    ...env,
    CKJS_LINKING: 'dynamic',
    npm_config_node_gyp: join(dirname(dirname(npm)), 'node_modules/node-gyp/bin/node-gyp.js'),
    ...(home === undefined ? {} : { npm_config_nodedir: home }),
  }
  const args = preGyp(project, '--build-from-source')
  const building = { ...options, env: settings }
  await follow('Compiling librdkafka and its addon', process.execPath, args, building, folder)
}

/** undefined = node-gyp is to download them */
async function headersOf(project: string): Promise<string | undefined> {
  const home = join(
    project,
    `node_modules/node/node_modules/node-${process.platform}-${process.arch}`,
  )
  return (await exists(join(home, 'include/node/node.h'))) ? home : undefined
}

/** Runs a command that takes its time, and says every few seconds that it is still at it. */
async function follow(
  doing: string,
  command: string,
  args: readonly string[],
  { env, signal, onProgress }: NativeBuild,
  cwd: string,
): Promise<void> {
  onProgress(`${doing}, once`)
  const began = Date.now()
  const seconds = () => Math.round((Date.now() - began) / 1_000)
  const said: string[] = []
  const progress = setInterval(
    () => onProgress(`  still at it after ${seconds()} s`),
    PROGRESS_EVERY_MS,
  )
  try {
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => said.push(line))
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (code !== 0) throw new Error(`exit code ${code}`)
  } catch (cause) {
    signal.throwIfAborted()
    const errors = said.filter((line) => /error|ERR!|fatal/i.test(line)).slice(0, 5)
    throw new TerminalError(
      'NATIVE_BUILD_FAILED',
      `${doing} failed (${describe(cause)}):\n  ${(errors.length > 0 ? errors : said.slice(-5)).join('\n  ')}`,
      { cause, remedy: 'what stands above; everything works without it, on kafkajs' },
    )
  } finally {
    clearInterval(progress)
  }
}

/** Leaves what is loaded: objects and archives are ten times as large. */
async function prune(build: string): Promise<void> {
  for (const entry of await readdir(build, { recursive: true, withFileTypes: true })) {
    const isLoaded = /\.(node|dylib|dll)$|\.so(\.\d+)*$/.test(entry.name)
    if (!entry.isDirectory() && !isLoaded)
      await rm(join(entry.parentPath, entry.name), { force: true })
  }
  await rm(join(build, 'Release/obj.target'), { recursive: true, force: true })
}
