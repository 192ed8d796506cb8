import { setTimeout as delay } from 'node:timers/promises'
import type { DeploymentId } from '@order-up/control'
import { readVerdict, writeVerdict } from '@order-up/control/operations'
import {
  messageOf,
  openFetcher,
  TerminalError,
  waitForRegistry,
  type Fetcher,
  type Health,
  type Log,
  type Registry,
  FetchLoop,
  OutOfRange,
} from '@order-up/kit'
import {
  CONTRACT_VERSION,
  CURATED_SUBJECT,
  CURATED_TOPIC,
  DLQ_TOPIC,
  RAW_SUBJECT,
  shadowDlqTopic,
  shadowTopic,
  type SchemaIds,
} from '@order-up/schemas'
import type { Admin, Kafka } from 'kafkajs'
import { fromNow, fromOldest, fromReport, type Begin, type Topics } from './begin.ts'
import { Comparison, type Limits, type Subject } from './comparison.ts'
import { observeReport, type ParityMetrics } from './metrics.ts'
import { ProgressWatch } from './progress.ts'
import { Report } from './report.ts'
import { SchemasGrew } from './schemas-seen.ts'

const LOOK_MS = 500
const SCHEMAS_MS = 60_000

export interface ComparerOptions {
  kafka: Kafka
  registry: Registry
  /** sorted */
  deployments: readonly [DeploymentId, DeploymentId]
  /** in the same order */
  artifacts: readonly [string, string]
  verdictsUrl: string
  reportIntervalMs: number
  limits: Limits
  metrics: ParityMetrics
  log: Log
}

const topicsOf = (deployment: string): Topics => ({
  row: [CURATED_TOPIC, shadowTopic(deployment)],
  'dead letter': [DLQ_TOPIC, shadowDlqTopic(deployment)],
})

const idsIn = (ids: SchemaIds) => [...ids.keys()].toSorted((a, b) => a - b)

/** Follows two deployments and keeps their verdict up to date, until it is told to stop. */
export class Comparer {
  readonly #o: ComparerOptions
  /** when a verdict was last put in its place, epoch milliseconds */
  #writtenAt = 0
  readonly #startedAt = Date.now()
  #why: string | undefined
  #verdict: string | undefined
  /** ids that were met and looked for: what is still not registered then is a fault of a row */
  readonly #met = new Set<number>()

  constructor(options: ComparerOptions) {
    this.#o = options
  }

  health(): Health {
    const patience = 3 * this.#o.reportIntervalMs + 10_000
    const healthy = Date.now() - this.#writtenAt < patience
    return {
      healthy,
      verdict: this.#verdict,
      ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  /** @returns when `signal` aborts; the last verdict is then in its place */
  async run(signal: AbortSignal): Promise<void> {
    const { kafka } = this.#o
    await using closing = new AsyncDisposableStack()
    const admin = kafka.admin()
    closing.defer(() => admin.disconnect())
    await admin.connect()
    const fetcher = await openFetcher(kafka)
    closing.defer(() => fetcher.close())
    let lost = false
    while (!signal.aborted) {
      const subject = await this.#subject(signal)
      const [begin, previous] = await this.#begin(fetcher, subject, lost)
      const comparison = new Comparison(subject, this.#o.limits, begin, previous)
      try {
        await this.#follow(comparison, subject, admin, fetcher, signal)
      } catch (error) {
        lost = error instanceof OutOfRange
        if (error instanceof SchemasGrew) this.#met.add(error.id)
        else if (!lost) throw error
        this.#o.log.warn({ why: messageOf(error) }, 'the comparison begins anew')
      }
    }
  }

  async #subject(signal: AbortSignal): Promise<Subject> {
    const { registry, log, deployments, artifacts } = this.#o
    const onWait = (why: string) => {
      if (this.#why !== why) log.warn({ why }, 'waiting for the registry')
      this.#why = why
    }
    const ask = (subject: string) =>
      waitForRegistry(() => registry.subjectIds(subject), { signal, onWait })
    const [raw, curated] = [await ask(RAW_SUBJECT), await ask(CURATED_SUBJECT)]
    this.#why = undefined
    return {
      names: deployments,
      artifacts,
      raw,
      curated,
      unregistered: this.#met,
      schemaIds: { [RAW_SUBJECT]: idsIn(raw), [CURATED_SUBJECT]: idsIn(curated) },
      topics: [topicsOf(deployments[0]), topicsOf(deployments[1])],
    }
  }

  /** @param lost what the last verdict rests on is no longer there to be read on from */
  async #begin(
    fetcher: Fetcher,
    subject: Subject,
    lost: boolean,
  ): Promise<[Begin, Report | undefined]> {
    const { log } = this.#o
    const previous = lost ? undefined : await this.#previous()
    if (!previous) return [await fromOldest(fetcher, subject.topics), undefined]
    if (isAbout(previous, subject)) return [fromReport(previous), previous]
    log.info('artefacts, contract or schemas are others: comparing from the end of raw')
    return [await fromNow(fetcher, subject.topics), undefined]
  }

  async #previous(): Promise<Report | undefined> {
    const { verdictsUrl, deployments, log } = this.#o
    try {
      return await readVerdict(verdictsUrl, deployments, Report)
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error
      log.warn({ why: messageOf(error) }, 'the last verdict cannot be read: comparing all there is')
      return undefined
    }
  }

  async #follow(
    comparison: Comparison,
    subject: Subject,
    admin: Admin,
    fetcher: Fetcher,
    signal: AbortSignal,
  ): Promise<void> {
    const { kafka } = this.#o
    const ended = new AbortController()
    const both = AbortSignal.any([signal, ended.signal])
    const loops = [...comparison.cursors, comparison.rawCursors].map((cursors, reader) => {
      const loop = new FetchLoop(kafka, { onTrouble: (why) => comparison.troubled(reader, why) })
      for (const cursor of cursors) loop.cursors.add(cursor)
      return loop.run(both)
    })
    const watch = new ProgressWatch(admin, fetcher, subject.names)
    const work = [
      ...loops,
      every(LOOK_MS, both, async () => this.#look(comparison, watch)),
      every(this.#o.reportIntervalMs, both, () => this.#report(comparison)),
      every(SCHEMAS_MS, both, () => this.#checkSchemas(subject)),
    ]
    try {
      await Promise.all(work)
    } finally {
      ended.abort()
      await Promise.allSettled(work)
    }
    await this.#report(comparison)
  }

  async #look(comparison: Comparison, watch: ProgressWatch): Promise<void> {
    try {
      comparison.progressed(await watch.look())
    } catch (error) {
      // what was seen last grows old, and the verdict says so
      this.#o.log.debug({ why: messageOf(error) }, 'the engines’ offsets cannot be read')
    }
  }

  async #report(comparison: Comparison): Promise<void> {
    const { metrics, verdictsUrl, deployments, limits, log } = this.#o
    const now = Date.now()
    // one that was killed and comes back has seen nothing yet that speaks against the verdict there is
    if (!comparison.hasProgress && now - this.#startedAt < limits.stallMs) return
    const report = comparison.report(now)
    observeReport(metrics, report)
    const { verdict, reason } = report
    if (verdict !== this.#verdict) log.info({ verdict, reason }, 'verdict')
    this.#verdict = verdict
    try {
      await writeVerdict(verdictsUrl, deployments, report)
      metrics.written.inc({ outcome: 'written' })
      this.#writtenAt = Date.now()
      this.#why = undefined
    } catch (error) {
      metrics.written.inc({ outcome: 'failed' })
      if (this.#why === undefined)
        log.error({ why: messageOf(error) }, 'the verdict cannot be written')
      this.#why = messageOf(error)
    }
  }

  async #checkSchemas({ raw, curated }: Subject): Promise<void> {
    const { registry } = this.#o
    for (const [subject, known] of [
      [RAW_SUBJECT, raw],
      [CURATED_SUBJECT, curated],
    ] as const) {
      const ids = await registry.subjectIds(subject).catch(() => known) // away: nothing new is known
      for (const id of ids.keys())
        if (!known.has(id)) throw new SchemasGrew(id, `subject ${subject} has a schema`)
    }
  }
}

/** A verdict is on what ran, under which rules: of anything else it says nothing. */
function isAbout(report: Report, { names, artifacts, schemaIds }: Subject): boolean {
  return (
    report.contractVersion === CONTRACT_VERSION &&
    report.sides.every(
      (side, i) => side.deployment === names[i] && side.artifact === artifacts[i],
    ) &&
    Object.entries(schemaIds).every(
      ([subject, ids]) => ids.join() === report.schemaIds[subject]?.join(),
    )
  )
}

/** Does something again and again, first after `ms`. @throws what `once` throws */
async function every(ms: number, signal: AbortSignal, once: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await delay(ms, undefined, { signal }).catch(() => {})
    if (!signal.aborted) await once()
  }
}
