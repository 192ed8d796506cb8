import { spawn, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** makes a Node child end with this process, also after kill -9 */
export const LEASH = join(ROOT, 'local/stack/src/leash.cjs')

const SAME_KEYSTROKE_MS = 1_000
const PARENT_CHECK_MS = 1_000

/** Command and arguments that run npm: on a leash where its JavaScript can be found. */
export function npm(args) {
  const { npm_execpath, PATH = '' } = process.env
  const onPath = PATH.split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find((path) => existsSync(path))
  const script = [npm_execpath, onPath && realpathSync(onPath)].find((path) =>
    path?.endsWith('npm-cli.js'),
  )
  return script ? [process.execPath, ['--require', LEASH, script, ...args]] : ['npm', args]
}

/**
 * Runs a command to its end and answers its exit code (128 + n for signal n, as shells do). The child leads a group of
 * its own, so that a signal reaches it once, from here: a Ctrl-C under `npm start` would come three times.
 */
export function runChild(command, args, options = {}) {
  const child = spawn(command, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
    ...options,
  })
  const { pid } = child
  let lastForwarded = 0
  const forward = (signal) => {
    const now = Date.now()
    if (pid === undefined || now - lastForwarded < SAME_KEYSTROKE_MS) return
    lastForwarded = now
    try {
      process.kill(-pid, signal)
    } catch {
      // it has just ended
    }
  }
  const onInterrupt = () => forward('SIGINT')
  const onTerminate = () => forward('SIGTERM')
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  process.on('SIGHUP', onTerminate) // the terminal was closed
  const parent = watchNpm(onTerminate)

  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : code))
  })
  options.onStart?.(child)
  return ended.finally(() => {
    clearInterval(parent)
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onTerminate)
    process.off('SIGHUP', onTerminate)
  })
}

/**
 * npm that is killed tells nobody. Where it is this process's parent, that then changes; where a shell lies between
 * (dash stays while its command runs), npm's own pid is looked at.
 */
function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return undefined
  const { ppid } = process
  const npmPid = parentOfShell(ppid)
  const timer = setInterval(() => {
    if (process.ppid === ppid && (npmPid === undefined || isAlive(npmPid))) return
    clearInterval(timer) // told twice, the command would not stop in good order
    onGone()
  }, PARENT_CHECK_MS)
  return timer
}

/** The parent of `pid` if that is the shell of an npm script: its command line names this very script. */
function parentOfShell(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', `${pid}`], { encoding: 'utf8' })
  const [, parent, args] = /^\s*(\d+) (.*)/.exec(stdout ?? '') ?? []
  return args?.includes(basename(process.argv[1])) ? Number(parent) : undefined
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
