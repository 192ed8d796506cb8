// A process that holds a stack and a worker beside it, for the test that kills it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { startStack } from './stack.ts'

const dataDir = process.argv[2]!
const { supervisor } = await startStack({
  dataDir,
  kafkaPort: await freePort(),
  registryPort: await freePort(),
  env: process.env,
})
// busy at the moment of the kill, and it never asks whether its parent lives: the leash does
const worker = join(dataDir, 'worker.mjs')
await writeFile(worker, `process.send({ type: 'ready', httpPort: 1 }); setInterval(() => {}, 1000)`)
await supervisor.start({ name: 'worker', module: worker })
process.send!(supervisor.status().map(({ pid }) => pid))
