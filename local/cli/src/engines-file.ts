import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DeploymentName, type DeploymentId } from '@order-up/control'
import { OrderUpError, TerminalError } from '@order-up/kit'
import { readRun, writeWhole, type EngineRun } from '@order-up/stack'
import { z } from 'zod'
import { nothingRuns } from './reach.ts'
import type { Shell } from './shell.ts'

/** A deployment that is to run on a local stack. */
export interface EngineWish {
  deployment: DeploymentId
  /** how many ways it works at once; default: its engine's own */
  workers?: number | undefined
}

/** An owner, and the one that is to take over or has just given up. */
export const MAX_ENGINES = 2

const File = z.object({
  engines: z
    .array(z.object({ deployment: DeploymentName, workers: z.int().min(1).max(64).optional() }))
    .min(1)
    .max(MAX_ENGINES)
    .refine(
      (wishes) => new Set(wishes.map(({ deployment }) => deployment)).size === wishes.length,
      'a deployment is there twice',
    ),
})

/** What is to run, by one writing of the file. */
export interface Wishes {
  engines: EngineWish[]
  /** another one for each writing, also of the same words */
  version: string
}

/** What the local stack is to run: to it this file is what stack config is to the cloud. */
export const enginesFile = (dataDir: string) => join(dataDir, 'engines.json')

/**
 * The deployments that are to run on a data folder; none where nothing was ever wished for.
 * @throws TerminalError `ENGINES_FILE` where the file says nothing that can be run
 */
export const readEngines = async (dataDir: string): Promise<EngineWish[]> =>
  (await readWishes(dataDir))?.engines ?? []

/** {@link readEngines}, with the version; undefined = there is no file. @throws the same */
export async function readWishes(dataDir: string): Promise<Wishes | undefined> {
  const path = enginesFile(dataDir)
  const file = await open(path).catch(absent)
  if (!file) return undefined
  try {
    const { ino, mtimeNs } = await file.stat({ bigint: true })
    const { engines } = parse(path, await file.readFile('utf8'))
    return { engines, version: `${ino}-${mtimeNs}` }
  } finally {
    await file.close()
  }
}

/**
 * Says what is to run from now on: the stack that runs there starts and stops engines accordingly, within a moment, and
 * tries again what has failed.
 * @param wishes one or two
 * @throws TerminalError `ENGINES_FILE` where they can't be run together
 */
export async function writeEngines(dataDir: string, wishes: readonly EngineWish[]): Promise<void> {
  const path = enginesFile(dataDir)
  const text = JSON.stringify({ engines: wishes })
  parse(path, text)
  await writeWhole(path, `${text}\n`)
}

function parse(path: string, text: string): z.infer<typeof File> {
  try {
    return File.parse(JSON.parse(text))
  } catch (error) {
    const why =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
        : 'it is no JSON'
    throw new TerminalError(
      'ENGINES_FILE',
      `${path} does not say which engines are to run: ${why}`,
      {
        remedy:
          'write it as {"engines":[{"deployment":"node-1"}]}, or delete it: what runs goes on',
      },
    )
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

const POLL_MS = 200

/**
 * Waits until the stack of a data folder runs exactly these deployments, with all their workers, as
 * {@link writeEngines} has asked it to. It has no deadline but the shell's signal: an engine may have a long log to fold.
 * @param onProgress is told every now and then what is awaited
 * @returns what runs
 * @throws OrderUpError `ENGINE_FAILED` with its reason and log, `NOTHING_RUNS`, `ENGINES_FILE`
 */
export async function untilEngines(
  shell: Pick<Shell, 'signal'>,
  dataDir: string,
  ids: readonly DeploymentId[],
  onProgress: (line: string) => void,
): Promise<EngineRun[]> {
  for (;;) {
    shell.signal.throwIfAborted()
    const [run, wishes] = await Promise.all([readRun(dataDir), readWishes(dataDir)])
    if (!run) throw nothingRuns(dataDir)
    const { engines } = run
    const isTakenUp = wishes !== undefined && run.wishes === wishes.version
    const failed = engines.find((e) => ids.includes(e.deployment) && e.state === 'failed')
    if (isTakenUp && failed) throw engineFailed(failed)
    const awaited = awaitedOf(engines, ids)
    if (isTakenUp && awaited.length === 0) return engines
    onProgress(
      isTakenUp ? `waiting for ${awaited.join(', ')}` : 'waiting for the stack to take it up',
    )
    await delay(POLL_MS, undefined, { signal: shell.signal })
  }
}

/** What is still to happen until exactly these run, in words. */
function awaitedOf(engines: readonly EngineRun[], ids: readonly DeploymentId[]): string[] {
  const missing = ids.filter((id) => !engines.some(({ deployment }) => deployment === id))
  return [
    ...missing.map((id) => `${id} to start`),
    ...engines.flatMap(({ deployment: id, state }) => {
      if (!ids.includes(id)) return `${id} to stop`
      return state === 'running' ? [] : `${id} (${state})`
    }),
  ]
}

const engineFailed = ({ deployment, problem, log }: EngineRun) =>
  new OrderUpError('ENGINE_FAILED', `${deployment} does not run: ${problem ?? 'it failed'}`, {
    remedy:
      log === null ? 'put that right, and ask again' : `the whole log is ${log}; then ask again`,
  })
