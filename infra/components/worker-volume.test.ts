import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { WORKER_VOLUME } from './worker-volume.ts'

test("it is the images' one volume, and where they put temporary files", () => {
  const dockerfile = readFileSync(join(import.meta.dirname, '../build/worker.Dockerfile'), 'utf8')

  assert.match(dockerfile, new RegExp(`^VOLUME \\["${WORKER_VOLUME}"\\]$`, 'm'))
  assert.match(dockerfile, new RegExp(` TMPDIR=${WORKER_VOLUME}$`, 'm'))
})
