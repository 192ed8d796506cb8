import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { access, mkdtemp, rename, rm, mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { SnowflakeOptions } from '../../src/snowflake.ts'

const VERSION = '0.12.1'
const CACHE = join(homedir(), '.cache', 'order-up')
const VENV = join(CACHE, `fakesnow-${VERSION}`)
const READY_MS = 30_000

const run = promisify(execFile)

export interface FakeSnowflake {
  options: SnowflakeOptions
  stop(): Promise<void>
}

/** Starts a fakesnow with an empty database, or says why it cannot. */
export async function startFakeSnowflake(): Promise<FakeSnowflake | { missing: string }> {
  try {
    await run('python3', ['-c', 'import sys; assert sys.version_info >= (3, 10)'])
  } catch {
    return { missing: 'python3 (3.10 or later) for fakesnow' }
  }
  try {
    await install()
  } catch (error) {
    return { missing: `fakesnow ${VERSION} (${(error as Error).message.split('\n')[0]})` }
  }
  const port = await freePort()
  const shim = join(import.meta.dirname, 'shim.py')
  const child = spawn(join(VENV, 'bin', 'python'), [shim, String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await answering(url, child)
  return {
    options: {
      url,
      account: 'fakesnow',
      user: 'SINK',
      privateKey: newKey(), // fakesnow checks no signature; that the driver can make one is what is seen
      database: 'ORDER_UP',
      schema: 'PUBLIC',
    },
    async stop() {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** A key as a service user has it: PEM, PKCS#8. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Into a virtual environment outside the tree, under a temporary name until it is whole. */
async function install() {
  if (await exists(VENV)) return
  await mkdir(CACHE, { recursive: true })
  const unfinished = await mkdtemp(join(CACHE, 'fakesnow-unfinished-'))
  try {
    // scripts of a venv name its path, so only what needs none of them is used after the rename
    await run('python3', ['-m', 'venv', unfinished])
    const wanted = [`fakesnow[server]==${VERSION}`, 'snowflake-connector-python<5']
    await run(join(unfinished, 'bin', 'python'), ['-m', 'pip', 'install', '-q', ...wanted])
    await rename(unfinished, VENV).catch(async (error: unknown) => {
      if (!(await exists(VENV))) throw error // else another run was faster
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answering(url: string, child: ChildProcess) {
  const deadline = Date.now() + READY_MS
  while (child.exitCode === null && Date.now() < deadline) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(100)
  }
  child.kill()
  throw new Error(`fakesnow did not answer on ${url} (exit code ${child.exitCode})`)
}
