import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { credentials } from '@grpc/grpc-js'
import grpcProto from '@pulumi/pulumi/proto/analyzer_grpc_pb.js'
import proto from '@pulumi/pulumi/proto/analyzer_pb.js'
import empty from 'google-protobuf/google/protobuf/empty_pb.js'
import struct from 'google-protobuf/google/protobuf/struct_pb.js'
import type { Registration } from './mocks.ts'

const PACK = resolve(import.meta.dirname, '../policy')
const LOADER = createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run-policy-pack')
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024

export interface Violation {
  rule: string
  urn: string
  message: string
}

export interface PolicyServer {
  /** names of the pack's rules */
  rules(): Promise<string[]>
  /** what the engine asks about each resource before it makes it, … */
  checkEach(resources: readonly Registration[]): Promise<Violation[]>
  /** … and about all of them at the end */
  checkStack(resources: readonly Registration[]): Promise<Violation[]>
  stop(): Promise<void>
}

/**
 * The policy pack in Pulumi's own policy server, started as `pulumi preview --policy-pack infra/policy` starts it: its
 * loader runs in the pack's folder. The engine's side of the conversation is played by this client.
 */
export async function startPolicyServer(): Promise<PolicyServer> {
  const child = spawn(process.execPath, [LOADER, '127.0.0.1:0', '.'], {
    cwd: PACK,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const gone = once(child, 'exit')
  const port = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => String(line)),
    gone.then(() => undefined),
  ])
  if (port === undefined || !/^\d+$/.test(port))
    throw new Error(`The policy pack did not load: ${port ?? ''}\n${said}`)
  const client = new grpcProto.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  })
  const analyze = ask<proto.AnalyzeRequest, proto.AnalyzeResponse>((request, answer) =>
    client.analyze(request, answer),
  )
  const analyzeStack = ask<proto.AnalyzeStackRequest, proto.AnalyzeResponse>((request, answer) =>
    client.analyzeStack(request, answer),
  )
  const info = ask<empty.Empty, proto.AnalyzerInfo>((request, answer) =>
    client.getAnalyzerInfo(request, answer),
  )
  return {
    async rules() {
      const answer = await info(new empty.Empty())
      return answer.getPoliciesList().map((policy) => policy.getName())
    },
    async checkEach(resources) {
      const answers = await Promise.all(
        resources.map(async (resource) => ({
          urn: resource.urn,
          diagnostics: (await analyze(analyzeRequest(resource))).getDiagnosticsList(),
        })),
      )
      return answers.flatMap(({ urn, diagnostics }) => violations(diagnostics, urn))
    },
    async checkStack(resources) {
      const request = new proto.AnalyzeStackRequest()
      request.setResourcesList(resources.map(stackResource))
      return violations((await analyzeStack(request)).getDiagnosticsList())
    },
    async stop() {
      client.close()
      child.kill()
      await gone
    },
  }
}

const ask =
  <Q, A>(call: (request: Q, answer: (error: Error | null, response: A) => void) => unknown) =>
  (request: Q) =>
    new Promise<A>((resolve, reject) => {
      call(request, (error, response) => (error ? reject(error) : resolve(response)))
    })

const violations = (diagnostics: proto.AnalyzeDiagnostic[], urn = ''): Violation[] =>
  diagnostics.map((diagnostic) => ({
    rule: diagnostic.getPolicyname(),
    urn: diagnostic.getUrn() || urn,
    message: diagnostic.getMessage(),
  }))

const inputsOf = ({ inputs }: Registration) =>
  struct.Struct.fromJavaScript(inputs as Parameters<typeof struct.Struct.fromJavaScript>[0])

function optionsOf({ protect, parent = '' }: Registration) {
  const options = new proto.AnalyzerResourceOptions()
  options.setProtect(protect)
  options.setParent(parent)
  return options
}

function analyzeRequest(resource: Registration) {
  const request = new proto.AnalyzeRequest()
  request.setType(resource.type)
  request.setName(resource.name)
  request.setUrn(resource.urn)
  request.setProperties(inputsOf(resource))
  request.setOptions(optionsOf(resource))
  return request
}

function stackResource(resource: Registration) {
  const message = new proto.AnalyzerResource()
  message.setType(resource.type)
  message.setName(resource.name)
  message.setUrn(resource.urn)
  message.setParent(resource.parent ?? '')
  message.setProperties(inputsOf(resource))
  message.setOptions(optionsOf(resource))
  message.setDependenciesList([...resource.dependencies])
  for (const [input, urns] of Object.entries(resource.inputDependencies)) {
    const dependencies = new proto.AnalyzerPropertyDependencies()
    dependencies.setUrnsList([...urns])
    message.getPropertydependenciesMap().set(input, dependencies)
  }
  return message
}
