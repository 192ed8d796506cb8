import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { cached } from './cached.ts'

const VERSION = '4.0.2'
const BUILD_TOOLS = ['autoconf', 'automake', 'libtoolize', 'cmake', 'g++', 'make']

const run = promisify(execFile)

export interface Invoked {
  /** false where the handler threw, or could not be loaded */
  ok: boolean
  body: unknown
}

export interface LambdaRuntime {
  invoke(event: unknown): Promise<Invoked>
  /** what it has written so far */
  stdout(): string
  stop(): Promise<void>
}

interface Invocation {
  id: string
  event: string
  answer(invoked: Invoked): void
}

/**
 * Runs a `handler` under AWS's own runtime client, against a small Runtime API, or says what is missing for that. The
 * client is built once (two minutes) into a cache outside the tree.
 * @param code a module's URL, or the folder that a function is deployed as: with index.mjs, which finds nothing that is
 * not in it
 */
export async function startLambda(
  code: string,
  env: Record<string, string>,
): Promise<LambdaRuntime | { missing: string }> {
  const runtime = await install()
  if (typeof runtime !== 'string') return runtime
  const temp = await mkdtemp(join(tmpdir(), 'order-up-lambda-'))
  await writeFile(join(temp, 'index.mjs'), `export { handler } from ${JSON.stringify(code)}\n`)
  const root = isAbsolute(code) ? code : temp

  const queue: Invocation[] = []
  const running = new Map<string, Invocation>()
  let idle: ServerResponse | undefined

  const deliver = () => {
    const next = idle && queue.shift()
    if (!idle || !next) return
    running.set(next.id, next)
    idle.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': next.id,
      'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:000000000000:function:test',
    })
    idle.end(next.event)
    idle = undefined
  }

  const api = createServer((request, response) => {
    void (async () => {
      const body = await text(request)
      const [, id, outcome] =
        /\/invocation\/([^/]+)\/(response|error)$/.exec(request.url ?? '') ?? []
      if (request.url?.endsWith('/invocation/next')) {
        idle = response
        return deliver()
      }
      response.writeHead(202).end('{}')
      // a module that cannot be loaded is reported at init, before any invocation is taken
      const invocation = id === undefined ? queue.shift() : running.get(id)
      invocation?.answer({ ok: outcome === 'response', body: JSON.parse(body) })
    })()
  })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')

  const child = spawn(
    process.execPath,
    [join(runtime, 'node_modules', 'aws-lambda-ric', 'index.mjs'), 'index.handler'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        ...env,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}`,
        LAMBDA_TASK_ROOT: root,
        _HANDLER: 'index.handler',
        AWS_LAMBDA_FUNCTION_NAME: 'test',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_LOG_GROUP_NAME: 'test',
        AWS_LAMBDA_LOG_STREAM_NAME: 'test',
      },
    },
  )
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  const died = once(child, 'exit').then(([code]): never => {
    throw new Error(`aws-lambda-ric exited with ${code}`)
  })
  died.catch(() => {}) // of interest only while an invocation waits
  return {
    invoke(event) {
      const answered = new Promise<Invoked>((resolve) => {
        queue.push({ id: randomUUID(), event: JSON.stringify(event), answer: resolve })
        deliver()
      })
      return Promise.race([answered, died])
    },
    stdout: () => stdout,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      api.closeAllConnections()
      api.close()
      await rm(temp, { recursive: true, force: true })
    },
  }
}

/** @returns where it is, or what keeps it from being built */
async function install(): Promise<string | { missing: string }> {
  try {
    return await cached(`aws-lambda-ric-${VERSION}`, async (folder) => {
      for (const tool of BUILD_TOOLS)
        await run('which', [tool]).catch(() => {
          throw new Error(`needs ${BUILD_TOOLS.join(', ')} (${tool} is not there)`)
        })
      await writeFile(join(folder, 'package.json'), '{"private":true}')
      const args = ['install', '--no-audit', '--no-fund', `aws-lambda-ric@${VERSION}`]
      await run('npm', args, { cwd: folder, maxBuffer: 64 << 20 })
    })
  } catch (error) {
    const why = (error as Error).message.slice(0, 300)
    return { missing: `aws-lambda-ric ${VERSION}, which could not be built: ${why}` }
  }
}
