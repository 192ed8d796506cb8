export { cacheContents, cached, cacheRoot, exists, type CacheOptions } from './cache.ts'
export { purgeDataDir, readRun, writeWhole, type EngineRun, type Run } from './data-dir.ts'
export { deploy, FIRST_DEPLOYMENT } from './deploy.ts'
export {
  engineChild,
  healthOf,
  webPageIn,
  type EnginePlace,
  type WorkerHealth,
} from './engines/engine-child.ts'
export { examineBuild } from './engines/jvm-build.ts'
export { JVM_ENGINES, type JvmEngineName } from './engines/jvm-engine.ts'
export { artifactOf, provideEngine, type EngineProgram } from './engines/engine-program.ts'
export { assertFree, freePort } from './ports.ts'
export { findJdk, findMaven, type Env, type Jdk } from './prerequisites.ts'
export { startStack, type Stack, type StackOptions } from './stack.ts'
export {
  type ChildSpec,
  type Supervisor,
  type WorkerState,
  type WorkerStatus,
} from './supervisor.ts'
