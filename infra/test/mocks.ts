import * as pulumi from '@pulumi/pulumi'
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js'
import { answerOf, idOf, outputsOf } from './answers.ts'

/**
 * Pulumi's own mocks (`setMocks`), with a recorder in front: it keeps what the program asked the engine for. No provider
 * runs here, so nothing checks an input's rules, and Pulumi's engine does not either: what an alias or a replacement does
 * is not seen. The language host's test (language-host.test.ts) shows the same program under Pulumi's own loader.
 */

export interface Registration {
  type: string
  name: string
  urn: string
  /** of the component that it is in; undefined for the stack itself */
  parent: string | undefined
  /** false for a component */
  custom: boolean
  /** as they go over the wire: assets and secrets are objects with Pulumi's signature, the unknown is `unknownValue` */
  inputs: Readonly<Record<string, unknown>>
  /** `urn::id` of a provider that was given by hand; '' = the default one */
  provider: string
  protect: boolean
  retainOnDelete: boolean
  ignoreChanges: readonly string[]
  /** URNs, of dependsOn and of what its inputs come from */
  dependencies: readonly string[]
  /** URNs, by input */
  inputDependencies: Readonly<Record<string, readonly string[]>>
  deletedWith: string
}

export interface Invoke {
  token: string
  inputs: Readonly<Record<string, unknown>>
}

export interface Recorded {
  registrations: readonly Registration[]
  invokes: readonly Invoke[]
  /** what the program returned, with outputs resolved */
  outputs: Readonly<Record<string, unknown>>
}

export interface ProgramRun {
  project: string
  stack: string
  /** by full key, objects as JSON */
  config: Readonly<Record<string, string>>
  /** like `pulumi preview` of a new stack: what only the cloud can know stays unknown */
  preview?: boolean
}

type Answer = (error: Error | null, response?: { getUrn(): string }) => void
interface Monitor {
  registerResource(request: RegisterResourceRequest, answer: Answer): Promise<void>
}

/**
 * Runs a program under mocks and waits until everything that it began is registered. One at a time: Pulumi's runtime is
 * one for the whole process.
 * @param program imports what makes resources only when it is called
 * @throws whatever the program throws
 */
export async function record(
  { project, stack, config, preview = false }: ProgramRun,
  program: () => unknown,
): Promise<Recorded> {
  const registrations: Registration[] = []
  const invokes: Invoke[] = []
  const region = config['aws:region'] ?? 'eu-west-1'
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) =>
        preview
          ? { id: undefined, state: inputs as object }
          : {
              id: idOf(type, name, region),
              state: { ...(inputs as object), ...outputsOf(type, name, region) },
            },
      call: ({ token, inputs }) => {
        invokes.push({ token, inputs: inputs as Invoke['inputs'] })
        return answerOf(token, inputs as Invoke['inputs'], region)
      },
    },
    project,
    stack,
    preview,
  )
  pulumi.runtime.setAllConfig({ ...config })
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor
  const register = monitor.registerResource.bind(monitor)
  monitor.registerResource = (request, answer) =>
    register(request, (error, response) => {
      if (response) registrations.push(registrationOf(request, response.getUrn()))
      answer(error, response)
    })
  // the stack's own promises reject unseen where its program does, so it is told of no failure
  let failure: { error: unknown } | undefined
  const outputs: unknown = await pulumi.runtime.runInPulumiStack(async () => {
    try {
      return await program()
    } catch (error) {
      failure = { error }
    }
  })
  await pulumi.runtime.disconnect()
  if (failure) throw failure.error
  return { registrations, invokes, outputs: (outputs ?? {}) as Recorded['outputs'] }
}

/** What was asked for, as it came over the wire. */
export function registrationOf(request: RegisterResourceRequest, urn: string): Registration {
  const inputDependencies: Record<string, string[]> = {}
  request
    .getPropertydependenciesMap()
    .forEach((urns, input) => (inputDependencies[input] = urns.getUrnsList()))
  return {
    type: request.getType(),
    name: request.getName(),
    urn,
    parent: request.getParent() || undefined,
    custom: request.getCustom(),
    inputs: request.getObject()?.toJavaScript() ?? {},
    provider: request.getProvider(),
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    dependencies: request.getDependenciesList(),
    inputDependencies,
    deletedWith: request.getDeletedwith(),
  }
}
