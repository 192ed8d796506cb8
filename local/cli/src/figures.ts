import { groupOffsets, watermarksOf } from '@order-up/kit'
import { CURATED_TOPIC, RAW_TOPIC, SINK_GROUP, engineGroup } from '@order-up/schemas'
import { TABLE, queryWarehouse } from '@order-up/sink'
import type { WorkerStatus } from '@order-up/stack'
import type { Admin } from 'kafkajs'
import { fetchMetrics, quantileOf, sumOf, type Sample } from './metrics-text.ts'
import { isWorkerOf } from './pipeline.ts'
import { count } from './text-table.ts'

/** How the pipeline is doing; null = not known. */
export interface Figures {
  /** records in raw */
  raw: number | null
  /** the deployment that owns most, whose outcomes these are */
  accountedBy: string | null
  /** outcomes since its workers started; null also where one of them does not answer */
  applied: number | null
  duplicate: number | null
  deadLetter: number | null
  /** in the warehouse */
  rows: number | null
  /** offsets of raw that each deployment has not committed yet */
  engineLags: Readonly<Record<string, number | null>>
  /** the worst of those, and the sink's */
  engineLag: number | null
  sinkLag: number | null
  /** from event_ts to written in the warehouse, seconds, since the sink started; what comes late counts as slow */
  latencyP50: number | null
  latencyP90: number | null
}

/** Nothing is known where Kafka does not answer. */
export const UNKNOWN_FIGURES: Figures = {
  raw: null,
  accountedBy: null,
  applied: null,
  duplicate: null,
  deadLetter: null,
  rows: null,
  engineLags: {},
  engineLag: null,
  sinkLag: null,
  latencyP50: null,
  latencyP90: null,
}

const RECORDS = 'orderup_engine_records_total'
const LATENCY = 'orderup_sink_event_to_warehouse_seconds'

export interface Asked {
  /** all that run or own something */
  deployments: readonly string[]
  /** that owns most; undefined = not known */
  owner: string | undefined
  querySocket: string
}

export async function collectFigures(
  admin: Admin,
  workers: readonly WorkerStatus[],
  { deployments, owner, querySocket }: Asked,
): Promise<Figures> {
  const metricsOf = (isOne: (name: string) => boolean) =>
    samplesOf(workers.filter(({ name }) => isOne(name)))
  const [raw, engineLags, sinkLag, engine, sink, rows] = await Promise.all([
    watermarksOf(admin, RAW_TOPIC)
      .then((marks) => marks.reduce((sum, { low, high }) => sum + high - low, 0))
      .catch(() => null),
    Promise.all(deployments.map((id) => lagOf(admin, engineGroup(id), RAW_TOPIC))),
    lagOf(admin, SINK_GROUP, CURATED_TOPIC),
    // each deployment folds every event: the owner's word is the one that counts
    metricsOf((name) => owner !== undefined && isWorkerOf(owner, name)),
    metricsOf((name) => name === 'sink'),
    queryWarehouse(querySocket, `SELECT count(*) FROM ${TABLE}`)
      .then((found) => Number(found.rows[0]?.[0]))
      .catch(() => null),
  ])
  const outcome = (name: string) => outcomeOf(engine, name)
  return {
    raw,
    accountedBy: owner ?? null,
    applied: outcome('applied'),
    duplicate: outcome('duplicate'),
    deadLetter: outcome('dead_letter'),
    rows,
    engineLags: Object.fromEntries(deployments.map((id, i) => [id, engineLags[i] ?? null])),
    engineLag: worstOf(engineLags),
    sinkLag,
    latencyP50: quantileOf(sink, LATENCY, 0.5) ?? null,
    latencyP90: quantileOf(sink, LATENCY, 0.9) ?? null,
  }
}

/** What all of these workers count; empty where one of them does not answer: the others' sum would be too small. */
async function samplesOf(workers: readonly WorkerStatus[]): Promise<Sample[]> {
  const answers = await Promise.all(
    workers.map(({ httpPort }) =>
      httpPort === null ? Promise.resolve(undefined) : fetchMetrics(httpPort),
    ),
  )
  return answers.includes(undefined) ? [] : answers.flatMap((samples) => samples ?? [])
}

/** null where one of them, or all, is not known */
const worstOf = (lags: readonly (number | null)[]) =>
  lags.reduce(
    (worst, lag) => (worst === null || lag === null ? null : Math.max(worst, lag)),
    lags[0] ?? null,
  )

/** A counter without a sample yet is 0, where the worker answers at all. */
const outcomeOf = (samples: readonly Sample[], outcome: string) =>
  samples.length === 0 ? null : (sumOf(samples, RECORDS, { outcome }) ?? 0)

async function lagOf(admin: Admin, groupId: string, topic: string): Promise<number | null> {
  try {
    const offsets = await groupOffsets(admin, groupId, topic)
    return offsets.reduce(
      (sum, { low, high, committed = 0 }) => sum + Math.max(0, high - Math.max(low, committed)),
      0,
    )
  } catch {
    return null
  }
}

/** One line for a terminal. */
export function figuresLine(f: Figures): string {
  const n = (value: number | null) => (value === null ? '?' : count(value))
  const lags = Object.entries(f.engineLags)
  const behind =
    lags.length > 1 ? lags.map(([id, lag]) => `${id} ${n(lag)}`).join(', ') : n(f.engineLag)
  return [
    `raw ${n(f.raw)}`,
    `since start: applied ${n(f.applied)}, duplicate ${n(f.duplicate)}, dead letter ${n(f.deadLetter)}`,
    `warehouse ${n(f.rows)} orders`,
    `behind ${behind}`,
    `event → warehouse p50 ${duration(f.latencyP50)}, p90 ${duration(f.latencyP90)}`,
  ].join(' | ')
}

/** The sink's largest bucket: all that is known of a replay of old orders is that it is longer. */
const LONGEST_S = 86_400

function duration(seconds: number | null): string {
  if (seconds === null) return '?'
  if (seconds >= LONGEST_S) return '> 1 day'
  return seconds < 1 ? `${Math.round(seconds * 1_000)} ms` : `${seconds.toFixed(1)} s`
}
