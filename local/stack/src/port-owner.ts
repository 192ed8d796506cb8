import { execFile } from 'node:child_process'
import { glob, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface PortOwner {
  pid: number
  command: string
}

/** Who listens on a TCP port; undefined where the system does not tell (as of another user's process). */
export function portOwner(port: number): Promise<PortOwner | undefined> {
  return process.platform === 'linux' ? ownerFromProc(port) : ownerFromLsof(port)
}

const LISTEN = '0A'

async function ownerFromProc(port: number): Promise<PortOwner | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = new Set<string>()
  for (const line of tables.join('\n').split('\n')) {
    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (state === LISTEN && local?.endsWith(`:${hexPort}`)) sockets.add(`socket:[${inode}]`)
  }
  if (sockets.size === 0) return undefined
  for await (const path of glob('/proc/[0-9]*/fd/*')) {
    const target = await readlink(path).catch(() => '') // the process may just have ended
    const pid = path.split('/')[2]
    if (!sockets.has(target) || !pid) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return { pid: Number(pid), command: shorten(command.replaceAll('\0', ' ')) }
  }
  return undefined
}

async function ownerFromLsof(port: number): Promise<PortOwner | undefined> {
  const run = promisify(execFile)
  try {
    const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'])
    const pid = Number(stdout.trim().split('\n')[0])
    const { stdout: command } = await run('ps', ['-o', 'command=', '-p', String(pid)])
    return { pid, command: shorten(command) }
  } catch {
    return undefined // lsof exits 1 where it finds nothing
  }
}

/** A class path can be as long as a page. */
function shorten(command: string): string {
  const text = command.trim()
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
