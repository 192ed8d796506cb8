import grpc from '@grpc/grpc-js'
import engineServices from '@pulumi/pulumi/proto/engine_grpc_pb.js'
import engine from '@pulumi/pulumi/proto/engine_pb.js'
import monitorServices from '@pulumi/pulumi/proto/resource_grpc_pb.js'
import monitor from '@pulumi/pulumi/proto/resource_pb.js'
import empties from 'google-protobuf/google/protobuf/empty_pb.js'
import structs from 'google-protobuf/google/protobuf/struct_pb.js'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { answerOf, idOf, outputsOf } from './answers.ts'
import {
  registrationOf,
  type Invoke,
  type ProgramRun,
  type Recorded,
  type Registration,
} from './mocks.ts'

/**
 * A program under Pulumi's real Node language host: a process of its own, started as `pulumi-language-nodejs` starts it,
 * talking gRPC to a stand-in of Pulumi's engine that records what is registered. Parents, options and what is unknown at
 * preview are as the engine gets them. No provider runs: nothing checks an input, and an output is what answers.ts makes up.
 */

const ROOT = resolve(import.meta.dirname, '../..')

export interface HostedRun extends ProgramRun {
  /** below the project's root: the folder that Pulumi.yaml calls `main` */
  folder: string
  /** a file in it; default: what its package.json names */
  entry?: string
  /** besides this process's own */
  env?: Readonly<Record<string, string>>
}

export interface Complaint {
  severity: 'warning' | 'error'
  message: string
}

export interface Hosted extends Recorded {
  /** warnings and errors that reached the engine's log */
  log: readonly Complaint[]
  /** 0 = well; 32 = failed, and the log says why */
  exitCode: number | null
  /** both streams of its process */
  printed: string
}

/** Runs a program to its end. Its failure is in what is returned: see `exitCode`. */
export async function host(run: HostedRun): Promise<Hosted> {
  const { project, stack, config, preview = false, folder, entry = '.', env = {} } = run
  const registrations: Registration[] = []
  const invokes: Invoke[] = []
  const log: Complaint[] = []
  const outputs: Record<string, unknown> = {}
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 64 * 1_024 * 1_024 })
  server.addService(
    monitorServices.ResourceMonitorService,
    monitorOf(run, { registrations, invokes, outputs }),
  )
  server.addService(engineServices.EngineService, engineOf(log))
  const address = await listening(server)
  try {
    const child = spawn(
      process.execPath,
      [
        createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run'),
        `--monitor=${address}`,
        `--engine=${address}`,
        '--organization=organization',
        `--project=${project}`,
        `--stack=${stack}`,
        `--root-directory=${ROOT}`,
        `--pwd=${resolve(ROOT, folder)}`,
        ...(preview ? ['--dry-run'] : []),
        '--parallel=16',
        entry,
      ],
      {
        cwd: resolve(ROOT, folder),
        env: {
          ...process.env,
          // the test runner's own: a program under it would report to it
          NODE_TEST_CONTEXT: '',
          ...env,
          PULUMI_CONFIG: JSON.stringify(inTheOldWay(config)),
          PULUMI_CONFIG_SECRET_KEYS: '[]',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const exited = new Promise<number | null>((done) => child.once('close', done))
    const [stdout, stderr, exitCode] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      exited,
    ])
    return { registrations, invokes, outputs, log, exitCode, printed: stdout + stderr }
  } finally {
    server.forceShutdown()
  }
}

/** The language host hands `order-up:engine` over as `order-up:config:engine`. */
const inTheOldWay = (config: ProgramRun['config']) =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(':', ':config:'), value]),
  )

const listening = (server: grpc.Server) =>
  new Promise<string>((done, fail) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? fail(error) : done(`127.0.0.1:${port}`),
    )
  })

type Unary<Request, Response> = (
  call: grpc.ServerUnaryCall<Request, Response>,
  done: grpc.sendUnaryData<Response>,
) => void

const answering =
  <Request, Response>(answer: (request: Request) => Response): Unary<Request, Response> =>
  ({ request }, done) => {
    try {
      done(null, answer(request))
    } catch (error) {
      done(error as Error)
    }
  }

const struct = (value: object) =>
  structs.Struct.fromJavaScript(value as Parameters<typeof structs.Struct.fromJavaScript>[0])

/** All of them, as the present engine has. */
const FEATURES = Object.values(monitor.ResourceMonitorFeature).filter(
  (feature) => typeof feature === 'number',
)

interface Seen {
  registrations: Registration[]
  invokes: Invoke[]
  outputs: Record<string, unknown>
}

function monitorOf(
  { project, stack, config, preview = false }: HostedRun,
  { registrations, invokes, outputs }: Seen,
): grpc.UntypedServiceImplementation {
  const region = config['aws:region'] ?? 'eu-west-1'
  const nothing = () => new empties.Empty()

  function urnOf(request: monitor.RegisterResourceRequest): string {
    // the stack is nobody's parent in a URN
    const [, , parents = ''] = request.getParent().split('::')
    const above = parents === '' || parents === 'pulumi:pulumi:Stack' ? '' : `${parents}$`
    return `urn:pulumi:${stack}::${project}::${above}${request.getType()}::${request.getName()}`
  }

  function register(request: monitor.RegisterResourceRequest) {
    const urn = urnOf(request)
    registrations.push(registrationOf(request, urn))
    const response = new monitor.RegisterResourceResponse()
    response.setUrn(urn)
    const [type, name] = [request.getType(), request.getName()]
    const made = request.getCustom() && !preview
    // at the preview of a new stack a resource has no id, and no output but its inputs
    response.setId(made ? idOf(type, name, region) : '')
    response.setObject(
      struct({
        ...request.getObject()?.toJavaScript(),
        ...(made && outputsOf(type, name, region)),
      }),
    )
    return response
  }

  function registerOutputs(request: monitor.RegisterResourceOutputsRequest) {
    if (request.getUrn().includes('::pulumi:pulumi:Stack::'))
      Object.assign(outputs, request.getOutputs()?.toJavaScript())
    return nothing()
  }

  function invoke(request: monitor.ResourceInvokeRequest) {
    const token = request.getTok()
    const inputs = request.getArgs()?.toJavaScript() ?? {}
    invokes.push({ token, inputs })
    const response = new monitor.ResourceInvokeResponse()
    response.setReturn(struct(answerOf(token, inputs, region)))
    return response
  }

  function deploymentInfo() {
    const response = new monitor.DeploymentInfo()
    response.setSupportedfeaturesList(FEATURES)
    return response
  }

  return {
    getDeploymentInfo: answering(deploymentInfo),
    registerResource: answering(register),
    registerResourceOutputs: answering(registerOutputs),
    invoke: answering(invoke),
    signalAndWaitForShutdown: answering(nothing),
  }
}

function engineOf(log: Complaint[]): grpc.UntypedServiceImplementation {
  let root = ''
  return {
    log: answering((request: engine.LogRequest) => {
      const { WARNING, ERROR } = engine.LogSeverity
      if (request.getSeverity() === WARNING || request.getSeverity() === ERROR)
        log.push({
          severity: request.getSeverity() === ERROR ? 'error' : 'warning',
          message: request.getMessage(),
        })
      return new empties.Empty()
    }),
    setRootResource: answering((request: engine.SetRootResourceRequest) => {
      root = request.getUrn()
      return new engine.SetRootResourceResponse()
    }),
    getRootResource: answering(() => {
      const response = new engine.GetRootResourceResponse()
      response.setUrn(root)
      return response
    }),
  }
}
