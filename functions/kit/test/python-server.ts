import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { pythonEnvironment } from './python-environment.ts'

const READY_MS = 30_000

export interface PythonPackage {
  name: string
  version: string
  /** of the package, in brackets */
  extra: string
  /** other requirements, as pip takes them */
  also?: readonly string[]
}

export interface PythonServer {
  url: string
  stop(): Promise<void>
}

/**
 * Starts a server that is a Python package, in a virtual environment that is kept by version outside the tree, or says
 * what is missing for that.
 * @param argsOf what Python is to run, given the port on 127.0.0.1
 */
export async function startPythonServer(
  { name, version, extra, also = [] }: PythonPackage,
  argsOf: (port: number) => readonly string[],
): Promise<PythonServer | { missing: string }> {
  const environment = await pythonEnvironment(`${name}-${version}`, [
    `${name}[${extra}]==${version}`,
    ...also,
  ])
  if ('missing' in environment) return environment
  const port = await freePort()
  const child = spawn(environment.python, argsOf(port), {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill()
    await once(child, 'exit')
  }
  if (await isAnswering(url, child)) return { url, stop }
  await stop()
  throw new Error(`${name} did not answer on ${url}:\n${stderr}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function isAnswering(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + READY_MS
  while (child.exitCode === null && Date.now() < deadline) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return true
    await delay(100)
  }
  return false
}
