import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { DeploymentId } from '@order-up/control'
import { readOlistFiles } from '@order-up/producer'
import { freePort } from '@order-up/stack'
import { KafkaConfig, createKafka, createRegistry, parseConfig, silentLog } from '@order-up/kit'
import type { Reach } from '../reach.ts'
import { runPipeline } from '../run-stack.ts'
import { EXIT, answer, createProgress, type Shell } from '../shell.ts'
import { writeRows } from '../verify/rows.ts'
import { report } from '../verify/report.ts'
import { verify } from '../verify/verify.ts'
import { replay, replayText } from './replay.ts'

export interface OnceOptions {
  dir: string
  out: string
  partitions: number
  workers: number | undefined
  engine: DeploymentId | undefined
  json: boolean
}

/** How long engine and sink may take, each: 100,000 orders take about half a minute. */
const PATIENCE_MS = 15 * 60_000

/** The whole pipeline on some files, from an empty state of its own to a file of rows; leaves nothing behind. */
export async function once(
  shell: Shell,
  { dir, out, partitions, workers, engine, json }: OnceOptions,
): Promise<void> {
  const file = resolve(out)
  // what can't be read or written is said before the work, not after it
  await readOlistFiles(dir)
  await writeFile(file, '')
  const dataDir = await mkdtemp(join(tmpdir(), 'order-up-once-'))
  try {
    const progress = createProgress(shell)
    const say = (line: string) => {
      progress.clear()
      shell.err(`${line}\n`)
    }
    say('Starting a pipeline of its own')
    const querySocket = join(dataDir, 'warehouse.sock')
    const [kafkaPort, registryPort] = [await freePort(), await freePort()]
    const where = { dataDir, querySocket, kafkaPort, registryPort, httpPort: 0, partitions }
    const stack = await runPipeline(shell, { ...where, workers, engine }, say)
    try {
      const config = parseConfig(KafkaConfig, stack.kafkaConfig)
      const reached: Reach = {
        dataDir,
        run: undefined,
        config,
        kafka: createKafka(config, 'order-up.cli', silentLog()),
        registry: createRegistry(config.SCHEMA_REGISTRY_URL),
        querySocket,
      }
      const replayed = await replay(shell, reached, dir)
      say(replayText(replayed))
      shell.signal.throwIfAborted()
      const patience = { timeoutMs: PATIENCE_MS, signal: shell.signal, onProgress: progress.say }
      const verdict = await verify(reached, patience)
      const rows = await writeRows(querySocket, file)
      progress.clear()
      answer(shell, json, { replayed, ...verdict, out: file, rows }, (all) =>
        [report(all), `${rows} rows in ${file}`].join('\n'),
      )
      if (verdict.verdict !== 'PASS' || rows !== verdict.counts.orders || !replayed.complete)
        shell.exitCode = EXIT.notVerified
    } finally {
      progress.say('Stopping')
      await stack.stop()
      progress.clear()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
