import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { TerminalError } from '@order-up/kit'
import { portOwner } from './port-owner.ts'

const HOST = '127.0.0.1'

/** Whether nothing listens on the port of 127.0.0.1. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  } finally {
    server.close()
  }
}

/**
 * A port that is free now. It is taken from below the range that systems give to outgoing connections, so that none
 * of those gets it before its server starts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
}

/** @param flag the option that changes this port @throws TerminalError `PORT_TAKEN` naming who has it */
export async function assertFree(port: number, flag: string): Promise<void> {
  if (await isFree(port)) return
  const owner = await portOwner(port)
  const who = owner ? `process ${owner.pid} (${owner.command})` : 'a process of another user'
  throw new TerminalError('PORT_TAKEN', `Port ${port} is taken by ${who}`, {
    remedy: owner
      ? `stop it (kill ${owner.pid}), or take another port with ${flag}`
      : `take another port with ${flag}`,
  })
}
