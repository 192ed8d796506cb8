import { createHash } from 'node:crypto'
import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { npm, ROOT, runChild } from './run-child.mjs'

const LOCK_FILE = join(ROOT, 'package-lock.json')
const MODULES = join(ROOT, 'node_modules')
const STAMP = join(MODULES, '.order-up-installed')

// the npm package `node` installs its binary into itself, which package-lock.json knows nothing of
const OWN_NODE = 'node_modules/node/node_modules/'

const hash = (text) => createHash('sha256').update(text).digest('hex')
const wanted = () => hash(`${process.platform} ${process.arch} ${readFileSync(LOCK_FILE, 'utf8')}`)
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/**
 * Makes node_modules what package-lock.json says. Where another process is at it, waits for that.
 * @returns the exit code: 0, or what to end with after the user was told why
 */
export async function install() {
  if (isInstalled()) return 0
  const release = await takeTurn()
  try {
    return isInstalled() ? 0 : await npmCi()
  } finally {
    release()
  }
}

function isInstalled() {
  const stamp = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : ''
  if (stamp === wanted()) return true
  // somebody ran `npm install` or `npm ci` by hand: npm's own record of what it installed tells
  if (!sameAsNpmSays()) return false
  writeFileSync(STAMP, wanted())
  return true
}

function sameAsNpmSays() {
  const record = join(MODULES, '.package-lock.json') // npm writes it last
  if (!existsSync(record)) return false
  const installed = readJson(record).packages
  const { packages } = readJson(LOCK_FILE)
  const inModules = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'))
  return (
    inModules.every(([path, { version, optional }]) =>
      installed[path] ? installed[path].version === version : optional,
    ) && Object.keys(installed).every((path) => path in packages || path.startsWith(OWN_NODE))
  )
}

async function npmCi() {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1_000)
  console.error('order-up: installing what package-lock.json lists (once, about a minute)')
  const progress = setInterval(() => console.error(`  still installing, ${seconds()} s`), 5_000)
  const said = [] // shown if it fails only: npm's warnings are not for who wants to see the pipeline run
  // under `npm run --silent` it would not say why it fails
  const [command, args] = npm(['ci', '--no-audit', '--no-fund', '--loglevel=warn'])
  const code = await runChild(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    onStart: ({ stdout, stderr }) => {
      for (const stream of [stdout, stderr])
        createInterface(stream).on('line', (line) => {
          said.push(line)
        })
    },
  }).finally(() => clearInterval(progress))
  if (code === 0) {
    writeFileSync(STAMP, wanted())
    console.error(`order-up: installed in ${seconds()} s`)
    return 0
  }
  if (code > 128) return code // Ctrl-C, not a failure
  for (const line of said) console.error(`  ${line}`)
  const codes = said.map((line) => /^npm (?:error|ERR!) code (\S+)/.exec(line)?.[1])
  console.error(`order-up: npm ci failed: ${cause(codes.find(Boolean))}`)
  return 1
}

/** What npm's error code means, and what to do. */
function cause(code) {
  const again = 'then run the same command again'
  if (
    [
      'ENOTFOUND',
      'EAI_AGAIN',
      'ECONNREFUSED',
      'ECONNRESET',
      'ETIMEDOUT',
      'ERR_SOCKET_TIMEOUT',
    ].includes(code)
  )
    return `the npm registry can't be reached (${code}).\n  Next: check the network and \`npm config get registry\`, ${again}`
  if (['EACCES', 'EPERM', 'EROFS'].includes(code))
    return `a file can't be written (${code}).\n  Next: see who owns it (\`ls -ld ${MODULES}\`), ${again}`
  if (code === 'ENOSPC') return `the disk is full.\n  Next: make room, ${again}`
  if (code === 'EUSAGE')
    return 'package.json and package-lock.json do not agree.\n  Next: `npm install`, which brings them together'
  return `${code ?? 'see above'}.\n  Next: what npm says above, ${again}`
}

/**
 * One process at a time installs. The lock is a file that its holder keeps touching; a holder that was killed leaves
 * one that is old, or whose process is gone, and it is taken over.
 */
async function takeTurn() {
  const lock = join(tmpdir(), `order-up-install-${hash(ROOT).slice(0, 16)}.lock`)
  const mine = `${process.pid}`
  for (let said = false; ;) {
    try {
      writeFileSync(lock, mine, { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (isStale(lock) && (await takeOver(lock, mine))) break
    if (!said) console.error('order-up: another process is installing, waiting for it')
    said = true
    await sleep(500)
  }
  const touch = setInterval(() => utimesSync(lock, new Date(), new Date()), 2_000)
  return () => {
    clearInterval(touch)
    rmSync(lock, { force: true })
  }
}

function isStale(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    if (Date.now() - statSync(lock).mtimeMs > 30_000) return true
    if (pid > 0) process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH' // no such process; ENOENT: it was just released
  }
}

/** Of several that saw the same stale lock the last to write wins, and all look again after that is settled. */
async function takeOver(lock, mine) {
  writeFileSync(`${lock}.${mine}`, mine)
  renameSync(`${lock}.${mine}`, lock)
  await sleep(500)
  return existsSync(lock) && readFileSync(lock, 'utf8') === mine
}
