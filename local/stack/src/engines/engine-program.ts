import { fileURLToPath } from 'node:url'
import type { Engine } from '@order-up/schemas'
import { TerminalError } from '@order-up/kit'
import type { Program } from '../child.ts'
import type { Env } from '../prerequisites.ts'

/** How to run an engine. Its configuration comes on top of `env`. */
export interface EngineProgram {
  engine: Engine
  program: Program
  /** JVM options and main class included */
  args: readonly string[]
  env: Env
}

export interface ProvideOptions {
  /** where tools are looked for, and the cache */
  env: Env
  /** lines for the user, while something is built */
  onProgress(line: string): void
  signal: AbortSignal
}

/**
 * Makes an engine ready to run. Those of the JVM are built, once for each content of their sources.
 * @throws TerminalError `JDK_MISSING`, `MAVEN_MISSING`, `DOWNLOAD_FAILED`, `BUILD_FAILED`
 */
export function provideEngine(engine: Engine, _options: ProvideOptions): Promise<EngineProgram> {
  if (engine === 'node') return Promise.resolve(NODE)
  return Promise.reject(new TerminalError('BUILD_FAILED', `The engine ${engine} is not built yet`))
}

const NODE: EngineProgram = {
  engine: 'node',
  program: { module: fileURLToPath(import.meta.resolve('@order-up/engine-node')) },
  args: [],
  env: {},
}
