import { readFileSync } from 'node:fs'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RetryableError, TerminalError } from '@order-up/kit'

/** How long a folder that a sibling is about to put away is waited for. */
const CLAIM_MS = 5_000
const LOOK_MS = 20
/** of one partition: more than workers ever are in one command */
const MAX_FOLDERS = 64

/**
 * Keeps a second worker out of a state folder. The lock of a process that is gone is taken over.
 * @returns releases the lock
 * @throws TerminalError `STATE_LOCKED`
 */
export async function lockDir(dir: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true })
  const lock = await tryLock(join(dir, 'lock'))
  if (typeof lock === 'function') return lock
  throw new TerminalError('STATE_LOCKED', `${dir} is in use by the worker with pid ${lock}`, {
    remedy: 'give each worker of a deployment its own INSTANCE',
  })
}

export interface Claim {
  /** to keep the partition's state in; another's state may lie there, older than one elsewhere */
  dir: string
  release(): Promise<void>
}

/**
 * A folder for a partition's state that no sibling has open. Workers of one command share the partitions' folders, so
 * that a partition that goes from one to another finds its state there. Nothing tells a member of the group that its
 * partitions are another's now until it asks, so the predecessor is waited for. One that hangs keeps its folder, and
 * the partition has another one, as often as that happens.
 * @param parent the workers' common folder
 * @param waitMs for the predecessor to put the folder away; default 5 s
 * @throws RetryableError `STATE_LOCKED` where dozens of them hang
 */
export async function claimPartitionDir(
  parent: string,
  partition: number,
  waitMs = CLAIM_MS,
): Promise<Claim> {
  await mkdir(parent, { recursive: true })
  const first = join(parent, String(partition))
  const deadline = Date.now() + waitMs
  for (;;) {
    const lock = await tryLock(`${first}.lock`)
    if (typeof lock === 'function') return { dir: first, release: lock }
    if (Date.now() >= deadline) break
    await delay(LOOK_MS)
  }
  for (let n = 2; n <= MAX_FOLDERS; n++) {
    const dir = `${first}.${n}`
    const lock = await tryLock(`${dir}.lock`)
    if (typeof lock === 'function') return { dir, release: lock }
  }
  throw new RetryableError('STATE_LOCKED', `every folder of partition ${partition} is in use`)
}

/** @returns releases it, or the pid of whoever holds it */
async function tryLock(file: string): Promise<(() => Promise<void>) | number> {
  const mine = `${file}.${process.pid}`
  await writeFile(mine, `${process.pid} ${startOf(process.pid)}`)
  try {
    for (;;) {
      try {
        await link(mine, file) // there at once with what it says
        return () => rm(file, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = await holderOf(file)
      if (holder !== undefined) return holder
      await rm(file, { force: true })
    }
  } finally {
    await rm(mine, { force: true })
  }
}

/** The pid of the process that holds a lock; undefined = it is gone. */
async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const [pid, start = ''] = text.split(' ')
  const holder = Number(pid)
  if (!isAlive(holder)) return undefined
  // in a container that starts again, a pid is soon another's
  return start === startOf(holder) && !(holder === process.pid && start === '') ? holder : undefined
}

/** When a process began, as Linux counts it; '' where there is no /proc: its pid is all that is known of it. */
function startOf(pid: number): string {
  try {
    // the second field is the command in brackets, which may hold anything
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
