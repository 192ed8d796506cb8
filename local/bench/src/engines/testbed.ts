import { join } from 'node:path'
import { CURATED_TOPIC, RAW_TOPIC, engineGroup, type Engine } from '@order-up/schemas'
import type { EngineProgram } from '@order-up/stack'
import { PARTITIONS, Pipeline } from '../pipeline.ts'
import type { Contestant } from './contestants.ts'
import { createDeployment, emptyTopics, giveAllTo } from './deployments.ts'
import { RunningEngine } from './running.ts'

/** A stack of its own for one measure; its engines come and go. */
export class Testbed implements AsyncDisposable {
  readonly pipeline: Pipeline
  #partitions = PARTITIONS
  readonly #generations = new Map<Engine, number>()

  private constructor(pipeline: Pipeline) {
    this.pipeline = pipeline
  }

  static async open(): Promise<Testbed> {
    return new Testbed(await Pipeline.open())
  }

  /** of raw and curated */
  get partitions(): number {
    return this.#partitions
  }

  /**
   * Empties raw and curated and gives them so many partitions. The others keep theirs, which nothing here writes to: two
   * thousand of all topics together would take a broker half a minute to make.
   */
  async startOver(partitions: number): Promise<void> {
    this.#partitions = partitions
    await emptyTopics(this.pipeline.kafka, [RAW_TOPIC, CURATED_TOPIC], partitions)
  }

  /** A deployment that has never run, with its topics. */
  async newDeployment(engine: Engine): Promise<string> {
    const generation = (this.#generations.get(engine) ?? 0) + 1
    this.#generations.set(engine, generation)
    const { pipeline, partitions } = this
    return createDeployment(pipeline.kafka, { engine, generation, partitions })
  }

  /** Starts a deployment, as the owner of everything. @param signal kills it */
  async start(
    deployment: string,
    { program, contestant }: { program: EngineProgram; contestant: Pick<Contestant, 'env'> },
    signal: AbortSignal,
  ): Promise<RunningEngine> {
    await giveAllTo(this.pipeline.kafka, deployment)
    return this.restart(deployment, { program, contestant }, signal)
  }

  /** Starts a deployment that owns everything already. */
  restart(
    deployment: string,
    { program, contestant }: { program: EngineProgram; contestant: Pick<Contestant, 'env'> },
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
