import type { Engine } from '@order-up/schemas'
import type { JdkNeed } from '../prerequisites.ts'

export type JvmEngineName = Exclude<Engine, 'node'>

/** What is to be known of an engine of functions/engine-jvm to build and to run it here. */
export interface JvmEngine {
  /** the Maven module; its jar is order-up-<module>.jar */
  module: JvmEngineName
  main: string
  jdk: JdkNeed
  /** of the dependencies on its class path: Flink's own are `provided`, and the jar holds the others */
  scope: 'provided' | 'runtime'
  /** of the JVM, most of a laptop's needs; ENGINE_JAVA_OPTIONS comes after them */
  options: readonly string[]
}

export const JVM_ENGINES: Readonly<Record<JvmEngineName, JvmEngine>> = {
  flink: {
    module: 'flink',
    main: 'orderup.flink.LocalFlink',
    jdk: { who: 'The engine flink needs', min: 17 },
    scope: 'provided',
    // Kryo's, and closures that Flink cleans
    options: [
      '-Xmx1g',
      '--add-opens=java.base/java.util=ALL-UNNAMED',
      '--add-opens=java.base/java.lang=ALL-UNNAMED',
    ],
  },
  'kafka-streams': {
    module: 'kafka-streams',
    main: 'orderup.streams.StreamsEngine',
    jdk: { who: 'The engine kafka-streams needs', min: 17 },
    scope: 'runtime',
    options: ['-Xmx512m'],
  },
}
