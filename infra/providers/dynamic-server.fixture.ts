import grpc from '@grpc/grpc-js'
import * as pulumi from '@pulumi/pulumi'
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js'
import messages from '@pulumi/pulumi/proto/provider_pb.js'
import structs from 'google-protobuf/google/protobuf/struct_pb.js'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { providerByModule, type ProviderName } from './by-module.ts'

type Properties = Readonly<Record<string, unknown>>

/** A dynamic provider as Pulumi's engine reaches it: serialised, sent to the plugin's process, loaded there. */
export interface DynamicProvider {
  check(news: Properties): Promise<Properties>
  /** whether there is a change, and what asks for a replacement */
  diff(olds: Properties, news: Properties): Promise<{ changes: boolean; replaces: string[] }>
  create(inputs: Properties): Promise<{ id: string; outs: Properties }>
  update(olds: Properties, news: Properties): Promise<Properties>
  /** as `pulumi refresh` does: the state as it is to be kept */
  read(outs: Properties): Promise<Properties>
}

export interface Plugin {
  provider(name: ProviderName): Promise<DynamicProvider>
  /**
   * The next lines that it prints; Pulumi shows them to whoever deploys.
   * @throws Error when they have not come within 5 s
   */
  printed(count: number): Promise<string[]>
  /** as when Pulumi is killed; its plugins are not */
  killEngine(): Promise<void>
  /** when the plugin's process is gone */
  ended: Promise<void>
  close(): Promise<void>
}

/** The provider's text, as it stands in the stack's state. */
export async function serialised(name: ProviderName): Promise<string> {
  const provider = providerByModule(name)
  const { text } = await pulumi.runtime.serializeFunction(() => provider)
  return text
}

/**
 * Starts Pulumi's own server of dynamic providers.
 * @param env all that it gets, besides PATH
 * @param config the stack's, by full key
 */
export async function startPlugin(
  env: Readonly<Record<string, string>>,
  config: Readonly<Record<string, string>> = {},
): Promise<Plugin> {
  const entry = createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/dynamic-provider')
  const engine = createServer()
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve))
  const { port: enginePort } = engine.address() as AddressInfo
  // Pulumi starts it in the program's folder
  const child = spawn(process.execPath, [entry, `127.0.0.1:${enginePort}`], {
    cwd: resolve(import.meta.dirname, '..'),
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const killEngine = () => new Promise<void>((resolve) => engine.close(() => resolve()))
  const lines: string[] = []
  const port = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      if (/^\d+$/.test(line)) resolve(line)
      else lines.push(line)
    })
    createInterface(child.stderr).on('line', (line) => lines.push(line))
    child.once('exit', () => reject(new Error(`the plugin ended: ${lines.join('\n')}`)))
  })
  const client = new services.ResourceProviderClient(
    `127.0.0.1:${await port}`,
    grpc.credentials.createInsecure(),
  )
  const configure = new messages.ConfigureRequest()
  configure.setArgs(struct(config))
  await answered<messages.ConfigureResponse>((done) => client.configure(configure, done))

  return {
    provider: async (name) => reached(client, await serialised(name)),
    async printed(count) {
      const deadline = Date.now() + 5_000
      while (lines.length < count) {
        if (Date.now() > deadline)
          throw new Error(`${lines.length} lines of ${count}: ${lines.join('; ')}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      return lines.splice(0, count)
    },
    killEngine,
    ended,
    async close() {
      client.close()
      child.kill('SIGKILL')
      await Promise.all([ended, killEngine()])
    },
  }
}

function reached(client: services.ResourceProviderClient, __provider: string): DynamicProvider {
  const withProvider = (properties: Properties) => struct({ ...properties, __provider })
  return {
    async check(news) {
      const request = new messages.CheckRequest()
      request.setOlds(struct({}))
      request.setNews(withProvider(news))
      const response = await answered<messages.CheckResponse>((done) => client.check(request, done))
      return plain(response.getInputs())
    },
    async diff(olds, news) {
      const request = new messages.DiffRequest()
      request.setId('id')
      request.setOlds(withProvider(olds))
      request.setNews(withProvider(news))
      const response = await answered<messages.DiffResponse>((done) => client.diff(request, done))
      return {
        changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
        replaces: response.getReplacesList(),
      }
    },
    async create(inputs) {
      const request = new messages.CreateRequest()
      request.setProperties(withProvider(inputs))
      const response = await answered<messages.CreateResponse>((done) =>
        client.create(request, done),
      )
      return { id: response.getId(), outs: plain(response.getProperties()) }
    },
    async update(olds, news) {
      const request = new messages.UpdateRequest()
      request.setId('id')
      request.setOlds(withProvider(olds))
      request.setNews(withProvider(news))
      const response = await answered<messages.UpdateResponse>((done) =>
        client.update(request, done),
      )
      return plain(response.getProperties())
    },
    async read(outs) {
      const request = new messages.ReadRequest()
      request.setId('id')
      request.setProperties(withProvider(outs))
      const response = await answered<messages.ReadResponse>((done) => client.read(request, done))
      return plain(response.getProperties())
    },
  }
}

type Done<Response> = (error: grpc.ServiceError | null, response: Response) => void

const answered = <Response>(send: (done: Done<Response>) => unknown) =>
  new Promise<Response>((resolve, reject) => {
    send((error, response) => (error ? reject(new Error(error.details)) : resolve(response)))
  })

const struct = (properties: Properties) =>
  structs.Struct.fromJavaScript(properties as Parameters<typeof structs.Struct.fromJavaScript>[0])

function plain(properties: structs.Struct | undefined): Properties {
  const { __provider, ...rest } = properties?.toJavaScript() ?? {}
  return rest
}
