import { engineOf, type DeploymentId } from './deployments.ts'
import { movedBuckets, gaining, ownersOf } from './share-table.ts'
import type { ControlRecord } from './swap-record.ts'
import type { Observation } from './observation.ts'
import { nextStep, type Step, type SwapRequest } from './swap.ts'

/** One running copy of an engine: follows the shares topic, and says so, each in its own time. */
interface Instance {
  name: string
  acts: ControlRecord
  reported: number | undefined
  /** it reads the shares topic before it joins the group; only a member is seen, and given partitions */
  member: boolean
}

/** A row in curated, with its transaction's outcome. */
interface Row {
  /** raw */
  offset: number
  is: 'open' | 'committed' | 'aborted'
}

interface Engine {
  instances: Instance[]
  /** of Flink: reports that outlive a job that has died; the next job overwrites or withdraws them */
  left: Map<string, number>
  /** by partition */
  committed: number[]
  /** by partition: rows that are processed, and seen once they are committed */
  pending: { offset: number; row: Row | undefined }[][]
  /** by partition: raw offsets */
  shadow: Set<number>[]
}

const PARTITIONS = 2

/** As much of the running system as a swap depends on, moved on by hand. Engines are read_committed and exactly once. */
export class World {
  /** by partition: the bucket of each record */
  readonly raw: number[][] = Array.from({ length: PARTITIONS }, () => [])
  /** by partition, in the order in which they were written */
  readonly #curated: Row[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly history: ControlRecord[] = []
  /** epoch milliseconds; it passes while everything that runs gets on */
  now = 0
  /** it is never started again, and what it left open does not time out before the swap is done */
  buried: DeploymentId | undefined
  readonly #engines = new Map<DeploymentId, Engine>()

  get newest(): ControlRecord | undefined {
    return this.history.at(-1)
  }

  get deployments(): DeploymentId[] {
    return [...this.#engines.keys()]
  }

  isRunning(id: DeploymentId): boolean {
    return this.#engine(id).instances.length > 0
  }

  append(partition: number, bucket: number) {
    this.raw[partition]!.push(bucket)
  }

  /** An instance starts: it takes up what the shares topic holds now. */
  start(id: DeploymentId) {
    if (!this.newest || id === this.buried) return
    const engine = this.#engine(id)
    if (engine.instances.length === 3) return
    const taken = new Set(engine.instances.map(({ name }) => name))
    const name = ['a', 'b', 'c'].find((n) => !taken.has(n))!
    const reported = engine.left.get(name)
    engine.left.clear()
    engine.instances.push({ name, acts: this.newest, reported, member: false })
  }

  join(id: DeploymentId, nth: number) {
    const instance = this.#nth(id, nth)
    if (!instance || instance.member) return
    instance.member = true
    this.#rebalance(id)
  }

  die(id: DeploymentId, nth: number) {
    const engine = this.#engine(id)
    const instance = this.#nth(id, nth)
    if (!instance) return
    engine.instances.splice(engine.instances.indexOf(instance), 1)
    const { name, reported } = instance
    if (engineOf(id) === 'flink' && engine.instances.length === 0 && reported !== undefined)
      engine.left.set(name, reported)
    if (instance.member) this.#rebalance(id)
  }

  follow(id: DeploymentId, nth: number) {
    const instance = this.#nth(id, nth)
    if (instance && this.newest) instance.acts = this.newest
  }

  report(id: DeploymentId, nth: number) {
    const instance = this.#nth(id, nth)
    if (instance) instance.reported = instance.acts.epoch
  }

  work(id: DeploymentId, partition: number, count: number) {
    const engine = this.#engine(id)
    const members = engine.instances.filter(({ member }) => member)
    if (members.length === 0) return
    const { acts } = members[partition % members.length]!
    const owners = ownersOf(acts.shares)
    const pending = engine.pending[partition]!
    for (let n = 0; n < count; n++) {
      const offset = engine.committed[partition]! + pending.length
      const bucket = this.raw[partition]![offset]
      if (bucket === undefined) return
      const row: Row | undefined = owners[bucket]!.includes(id) ? { offset, is: 'open' } : undefined
      pending.push({ offset, row })
      if (row) this.#curated[partition]!.push(row)
    }
  }

  commit(id: DeploymentId, partition: number) {
    const engine = this.#engine(id)
    if (!this.#hasMembers(id)) return
    for (const { offset, row } of engine.pending[partition]!.splice(0)) {
      if (row) row.is = 'committed'
      else engine.shadow[partition]!.add(offset)
      engine.committed[partition] = offset + 1
    }
  }

  /** What it has not committed is processed again, by whoever has the partition then. */
  #abort(id: DeploymentId) {
    for (const pending of this.#engine(id).pending)
      for (const { row } of pending.splice(0)) if (row) row.is = 'aborted'
  }

  /** Raw offsets of what a read_committed reader of curated is shown: nothing from an open transaction's first row on. */
  #shown(partition: number): Set<number> {
    const rows = this.#curated[partition]!
    const end = rows.findIndex(({ is }) => is === 'open')
    return new Set(
      rows
        .slice(0, end === -1 ? rows.length : end)
        .filter(({ is }) => is === 'committed')
        .map(({ offset }) => offset),
    )
  }

  observe(): Observation {
    const seen = [...this.#engines].map(([id, { instances, left, committed }]) => [
      id,
      {
        instances: [
          ...instances
            .filter(({ member, reported }) =>
              engineOf(id) === 'flink' ? reported !== undefined : member,
            )
            .map(({ name, reported }) => ({ instance: name, epoch: reported })),
          ...[...left].map(([instance, epoch]) => ({ instance, epoch })),
        ],
        committed: [...committed],
      },
    ])
    return {
      current: this.newest,
      ends: this.raw.map((records) => records.length),
      deployments: Object.fromEntries(seen) as Observation['deployments'],
      now: this.now,
    }
  }

  /** What one carrier makes of what it sees; it may come to do it later, or never. */
  plan(request: SwapRequest): { step: Step; at: number } {
    return { step: nextStep(this.observe(), request), at: this.history.length }
  }

  /** @returns false where another carrier has written since: the fenced session refuses */
  carryOut({ step, at }: { step: Step; at: number }): boolean {
    if (at !== this.history.length) return false
    if ('fence' in step) for (const id of step.fence) this.#abort(id)
    if (step.do === 'settle') {
      this.#settle(step)
      this.history.push(step.record)
    } else if (step.do === 'write') this.history.push(step.record)
    return true
  }

  #settle({ swap }: Step & { do: 'settle' }) {
    const moved = movedBuckets(swap.from, swap.target)
    for (const id of gaining(swap.from, swap.target))
      this.#engine(id).shadow.forEach((offsets, partition) => {
        for (const offset of offsets)
          if (
            moved[this.raw[partition]![offset]!] &&
            offset >= swap.sampled[partition]! &&
            offset < swap.until[partition]!
          )
            this.#curated[partition]!.push({ offset, is: 'committed' })
      })
  }

  /** Everything that runs gets on with its work, to the end of raw. */
  progress() {
    this.now += 60_000
    for (const id of this.deployments) {
      if (!this.#hasMembers(id) && id !== this.buried) this.#abort(id) // the broker's timeout
      for (const nth of this.#engine(id).instances.keys()) {
        this.join(id, nth)
        this.follow(id, nth)
        this.report(id, nth)
      }
      for (let partition = 0; partition < PARTITIONS; partition++) {
        this.work(id, partition, Infinity)
        this.commit(id, partition)
      }
    }
  }

  /** Raw offsets whose rows no reader of curated sees. */
  missing(): string[] {
    return this.raw.flatMap((records, partition) =>
      [...records.keys()]
        .filter((offset) => !this.#shown(partition).has(offset))
        .map((offset) => `${partition}:${offset}`),
    )
  }

  #engine(id: DeploymentId): Engine {
    const known = this.#engines.get(id)
    if (known) return known
    const each = <T>(make: () => T) => Array.from({ length: PARTITIONS }, make)
    const engine: Engine = {
      instances: [],
      left: new Map(),
      committed: each(() => 0),
      pending: each(() => []),
      shadow: each(() => new Set()),
    }
    this.#engines.set(id, engine)
    return engine
  }

  #nth(id: DeploymentId, nth: number): Instance | undefined {
    const { instances } = this.#engine(id)
    return instances[nth % instances.length]
  }

  /** Whoever has a partition now fences out its last owner; where nobody has, its transaction stays open. */
  #rebalance(id: DeploymentId) {
    if (this.#hasMembers(id)) this.#abort(id)
  }

  #hasMembers(id: DeploymentId): boolean {
    return this.#engine(id).instances.some(({ member }) => member)
  }
}
