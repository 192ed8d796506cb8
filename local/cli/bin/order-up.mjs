#!/usr/bin/env node
// The way in from a fresh clone: plain JavaScript without dependencies, for any Node from 20 on. It sees to it that
// node_modules is what package-lock.json says, then hands over to the project's own Node (the npm package `node`),
// which runs TypeScript as it is.
//
//   order-up run SCRIPT [ARGS]   an npm script, as `npm test` does
//   order-up ANYTHING            local/cli/src/main.ts

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { install } from './install.mjs'
import { npm, LEASH, ROOT, runChild } from './run-child.mjs'

const MIN_NODE = 20

const major = Number(process.versions.node.split('.')[0])
if (major < MIN_NODE) {
  console.error(
    `order-up: Node ${MIN_NODE} or later is needed, this is ${process.versions.node}.\n` +
      '  Next: install it (nodejs.org, or your package manager), then run the same command again',
  )
  process.exit(1)
}

const args = process.argv.slice(2)
const failure = await install()
if (failure > 0) process.exit(failure)
if (args[0] === 'run') {
  const [, script, ...rest] = args
  const run = ['run', '--silent', script, '--', ...rest] // without --, npm would take --json and --dry-run for its own
  process.exitCode = await runChild(...npm(run), { cwd: ROOT })
} else {
  process.exitCode = await runChild(projectNode(), [
    '--require',
    LEASH,
    join(ROOT, 'local/cli/src/main.ts'),
    ...args,
  ])
}

/** The Node of package-lock.json; this one where it is as new and npm was told to run no install scripts. */
function projectNode() {
  const own = join(ROOT, 'node_modules/node/bin/node')
  if (existsSync(own)) return own
  if (major >= 24) return process.execPath
  console.error(
    'order-up: npm ci did not bring Node 24: the install script of the package `node` did not run.\n' +
      '  Next: `npm rebuild node`, or use Node 24 or later yourself',
  )
  process.exit(1)
}
