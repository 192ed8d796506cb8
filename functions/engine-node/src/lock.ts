import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@order-up/kit'

/**
 * Keeps a second worker out of a state folder. The lock of a process that is gone is taken over (in a container the
 * predecessor had this process's own pid).
 * @returns releases the lock
 * @throws TerminalError `STATE_LOCKED`
 */
export async function lockDir(dir: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true })
  const file = join(dir, 'lock')
  for (;;) {
    try {
      const handle = await open(file, 'wx')
      await handle.writeFile(String(process.pid))
      await handle.close()
      return () => rm(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''))
    if (holder !== process.pid && isAlive(holder))
      throw new TerminalError('STATE_LOCKED', `${dir} is in use by the worker with pid ${holder}`, {
        remedy: 'give each worker of a deployment its own INSTANCE',
      })
    await rm(file, { force: true })
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
