import { connect } from 'node:net'
import process from 'node:process'

/**
 * Ends this process if the Pulumi that started it is gone. A plugin is in a process group of its own: when `pulumi` is
 * killed, its plugins live on, and one that carries a swap would go on with it, against whoever carries the next one to
 * another target. Pulumi gives each plugin the address of its engine.
 */
export async function endIfOrphaned(): Promise<void> {
  const [, host, port] = /^(.+):(\d+)$/.exec(process.argv[2] ?? '') ?? []
  if (host === undefined) return
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 10_000 })
    const settle = (is: boolean) => {
      resolve(is)
      socket.destroy()
    }
    socket
      .once('connect', () => settle(true))
      .once('error', () => settle(false))
      .once('timeout', () => settle(false))
  })
  // nobody is left to be told why
  if (!answers) process.exit(1)
}
