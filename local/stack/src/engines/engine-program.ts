import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Engine } from '@order-up/schemas'
import type { Program } from '../child.ts'
import type { Env } from '../prerequisites.ts'
import { buildHash, javaArgs, provideBuild, type BuildOptions } from './jvm-build.ts'
import { nodeHash } from './node-sources.ts'

/** How to run an engine. Its configuration comes on top of `env`. */
export interface EngineProgram {
  engine: Engine
  /** a short name of what runs, which changes with it: a verdict is bound to it */
  artifact: string
  program: Program
  /** JVM options and main class included */
  args: readonly string[]
  env: Env
}

/** A short name of what would run if the engine was started now: see {@link EngineProgram.artifact}. */
export const artifactOf = (engine: Engine): Promise<string> =>
  engine === 'node' ? nodeHash() : buildHash(engine)

/**
 * Makes an engine ready to run. Those of the JVM are built, once for each content of their sources.
 * @throws TerminalError `JDK_MISSING`, `MAVEN_MISSING`, `DOWNLOAD_FAILED`, `BUILD_FAILED`
 */
export async function provideEngine(engine: Engine, options: BuildOptions): Promise<EngineProgram> {
  if (engine === 'node') {
    const { TRANSPORT } = options.env
    const env = TRANSPORT === undefined ? NODE.env : { ...NODE.env, TRANSPORT }
    return { ...NODE, env, artifact: await artifactOf(engine) }
  }
  const build = await provideBuild(engine, options)
  return {
    engine,
    artifact: build.hash,
    program: { command: join(build.jdk.home, 'bin/java') },
    args: javaArgs(engine, build, options.env),
    env: {},
  }
}

const NODE: Omit<EngineProgram, 'artifact'> = {
  engine: 'node',
  program: { module: fileURLToPath(import.meta.resolve('@order-up/engine-node')) },
  args: [],
  // a stack shares its cores with a broker and much else: one worker, unless it is told another number
  env: { WORKERS: '1' },
}
