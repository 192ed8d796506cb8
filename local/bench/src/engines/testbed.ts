import { join } from 'node:path'
import { RAW_TOPIC, engineGroup, type Engine } from '@order-up/schemas'
import type { EngineProgram } from '@order-up/stack'
import { Pipeline } from '../pipeline.ts'
import type { Contestant } from './contestants.ts'
import { createDeployment, giveAllTo } from './deployments.ts'
import { RunningEngine } from './running.ts'

/** of raw and curated: as the other benchmarks have it, and `npm start` */
export const PARTITIONS = 4

/** A stack of its own for one measure; its engines come and go. */
export class Testbed implements AsyncDisposable {
  readonly pipeline: Pipeline
  readonly #generations = new Map<Engine, number>()

  private constructor(pipeline: Pipeline) {
    this.pipeline = pipeline
  }

  static async open(): Promise<Testbed> {
    return new Testbed(await Pipeline.open())
  }

  /** A deployment that has never run, with its topics. */
  async newDeployment(engine: Engine): Promise<string> {
    const generation = (this.#generations.get(engine) ?? 0) + 1
    this.#generations.set(engine, generation)
    const { kafka } = this.pipeline
    return createDeployment(kafka, { engine, generation, partitions: PARTITIONS })
  }

  /** Starts a deployment, as the owner of everything. @param signal kills it */
  async start(
    deployment: string,
    { program, contestant }: { program: EngineProgram; contestant: Contestant },
    signal: AbortSignal,
  ): Promise<RunningEngine> {
    await giveAllTo(this.pipeline.kafka, deployment)
    return this.restart(deployment, { program, contestant }, signal)
  }

  /** Starts a deployment that owns everything already. */
  restart(
    deployment: string,
    { program, contestant }: { program: EngineProgram; contestant: Contestant },
    signal: AbortSignal,
  ): Promise<RunningEngine> {
    const { env } = this.pipeline
    return RunningEngine.start({
      program,
      contestant,
      deployment,
      stateDir: this.stateDir(deployment),
      env,
      signal,
    })
  }

  stateDir(deployment: string): string {
    return join(this.pipeline.dir, 'engines', deployment)
  }

  /** Whether a deployment has committed all of raw. */
  async hasCommittedAll(deployment: string): Promise<boolean> {
    const { total, committed } = await this.pipeline.progress(engineGroup(deployment), RAW_TOPIC)
    return committed >= total
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pipeline[Symbol.asyncDispose]()
  }
}
