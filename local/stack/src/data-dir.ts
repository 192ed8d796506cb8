import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DeploymentName } from '@order-up/control'
import { TerminalError } from '@order-up/kit'
import { z } from 'zod'
import { exists } from './cache.ts'
import { tryLock } from './lock.ts'

/** Marks a folder as one of ours: only such a folder is ever purged. */
const MARKER = 'order-up-data.json'
const LOCK = 'lock'
const RUN = 'run.json'

const EngineRun = z.object({
  deployment: DeploymentName,
  /** a short name of what runs as it; a verdict is bound to it */
  artifact: z.string(),
  /** of all its workers, the one that is worst off: `running` only where all run */
  state: z.enum(['building', 'starting', 'running', 'restarting', 'stopping', 'failed']),
  /** how many ways it works at once; null = its engine's own default */
  workers: z.number().nullable(),
  /** why it failed; null = it has not */
  problem: z.string().nullable(),
  /** of the worker that failed, or the first one; null = none was started yet */
  log: z.string().nullable(),
})
/** A deployment on a stack: all its workers. */
export type EngineRun = z.infer<typeof EngineRun>

const Run = z.object({
  pid: z.number(),
  kafkaPort: z.number(),
  registryPort: z.number(),
  brokers: z.string(),
  registryUrl: z.string(),
  workers: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['starting', 'running', 'restarting', 'stopped', 'failed']),
      pid: z.number().nullable(),
      httpPort: z.number().nullable(),
      restarts: z.number(),
      lastEnd: z.string().nullable(),
    }),
  ),
  /** by id; of a stack of an older version: none */
  engines: z.array(EngineRun).default([]),
  /** which writing of the wishes for engines it has last acted on, as `wishesVersion` names it; null = none yet */
  wishes: z.string().nullable().default(null),
})
/** What a running stack says of itself in its data folder, for commands in other terminals. */
export type Run = z.infer<typeof Run>

export interface Claim {
  writeRun(run: Run): Promise<void>
  release(): Promise<void>
}

/**
 * Takes the data folder for this process, until it is released or the process ends, however it ends.
 * @throws TerminalError `DATA_DIR_IN_USE` naming the other's pid; `NOT_A_DATA_DIR` for a folder with other things in it
 */
export async function claimDataDir(dataDir: string): Promise<Claim> {
  await mkdir(dataDir, { recursive: true })
  const marked = await exists(join(dataDir, MARKER))
  if (!marked && (await readdir(dataDir)).some((name) => name !== LOCK)) throw notOurs(dataDir)
  const unlock = tryLock(join(dataDir, LOCK))
  if (!unlock) throw await inUse(dataDir)
  if (!marked) await writeFile(join(dataDir, MARKER), '{"format":1}\n')
  await rm(join(dataDir, RUN), { force: true }) // of a stack that was killed
  let written = Promise.resolve()
  let released = false
  return {
    writeRun(run) {
      if (released) return Promise.resolve() // of a stack that has stopped there is nothing to say
      const write = () => writeWhole(join(dataDir, RUN), JSON.stringify(run))
      written = written.then(write, write)
      return written
    },
    async release() {
      released = true
      await written.catch(() => {}) // whoever wrote was told
      await rm(join(dataDir, RUN), { force: true })
      unlock()
    },
  }
}

/** The stack that runs on this data folder; undefined if none does. */
export async function readRun(dataDir: string): Promise<Run | undefined> {
  if (!(await exists(join(dataDir, LOCK)))) return undefined
  const unlock = tryLock(join(dataDir, LOCK))
  if (unlock) {
    unlock()
    return undefined
  }
  const text = await readFile(join(dataDir, RUN), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Run.parse(JSON.parse(text))
}

/**
 * Deletes a data folder with all that is in it. Does nothing where there is none.
 * @throws TerminalError `DATA_DIR_IN_USE`, `NOT_A_DATA_DIR`
 */
export async function purgeDataDir(dataDir: string): Promise<void> {
  if (!(await exists(dataDir))) return
  if (!(await exists(join(dataDir, MARKER)))) throw notOurs(dataDir)
  const unlock = tryLock(join(dataDir, LOCK))
  if (!unlock) throw await inUse(dataDir)
  await rm(dataDir, { recursive: true })
  unlock()
}

async function inUse(dataDir: string): Promise<TerminalError> {
  const run = await readRun(dataDir)
  return new TerminalError(
    'DATA_DIR_IN_USE',
    `A stack already runs on ${resolve(dataDir)}${run ? ` (pid ${run.pid})` : ''}`,
    {
      remedy:
        'see it with `npm run order-up -- status`, stop it with `npm run order-up -- down`, or use another with --data-dir',
    },
  )
}

const notOurs = (dataDir: string) =>
  new TerminalError('NOT_A_DATA_DIR', `${resolve(dataDir)} holds things that are not ours`, {
    remedy: 'use an empty or a new folder',
  })

/** Writes a file so that a reader sees the old one or the new one, never half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.new`
  await writeFile(unfinished, text)
  await rename(unfinished, path)
}
