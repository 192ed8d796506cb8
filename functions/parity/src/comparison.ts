import { CONTRACT_VERSION, EVENT_TYPES, type SchemaIds } from '@order-up/schemas'
import type { Begin, Topics } from './begin.ts'
import { deadLetterFields } from './dead-letter.ts'
import { Examples } from './examples.ts'
import { Horizon } from './horizon.ts'
import { judge, statementOf } from './judge.ts'
import { Lane, type Pair, type SideIndex } from './lane.ts'
import { OrdersSeen } from './orders-seen.ts'
import { plantFaults } from './plants.ts'
import { EventTypesSeen, RawCursor } from './raw-cursor.ts'
import { Recent } from './recent.ts'
import type { Counts, Kind, Report } from './report.ts'
import type { LaneCounts, Resume } from './resume.ts'
import { rowFields } from './row-fields.ts'
import { SchemasSeen } from './schemas-seen.ts'
import { SideCursor } from './side-cursor.ts'

const KINDS = ['row', 'dead letter'] as const
const SIDES = [0, 1] as const
const EXPIRES_MS = 24 * 60 * 60 * 1_000

export interface Limits {
  floorRows: number
  floorOrders: number
  lagBound: number
  stallMs: number
  maxHeldRows: number
}

export interface Subject {
  names: readonly [string, string]
  artifacts: readonly [string, string]
  /** all ids, by subject */
  raw: SchemaIds
  curated: SchemaIds
  /** ids in rows that are not among them */
  unregistered: ReadonlySet<number>
  /** as they go into the verdict */
  schemaIds: Readonly<Record<string, number[]>>
  /** that each side writes */
  topics: Pair<Topics>
}

/** What was seen of the two engines' progress. */
export interface Progress {
  /** by side: raw records to go, and for how long nothing was committed; see Report */
  lags: Pair<{ records: number | null; idleMs: number | null }>
  /** by side and partition: the next raw record; undefined where nothing was committed */
  committed: Pair<readonly (number | undefined)[]>
  /** when that was known, epoch milliseconds */
  at: number
}

/** What two deployments wrote, compared as it is read. Cursors bring it; `report` says how it stands. No I/O. */
export class Comparison {
  readonly cursors: Pair<SideCursor[]> = [[], []]
  readonly rawCursors: RawCursor[]
  readonly #subject: Subject
  readonly #limits: Limits
  readonly #lanes: Record<Kind, Lane[]>
  readonly #horizons: Record<Kind, Pair<Horizon[]>> = { row: [[], []], 'dead letter': [[], []] }
  readonly #orders: OrdersSeen
  readonly #types: EventTypesSeen
  readonly #schemas: SchemasSeen
  readonly #examples: Examples
  readonly #recent: Recent
  readonly #fields: Map<string, number>
  readonly #strays: Readonly<Record<string, number>>
  #progress: Progress | undefined
  /** by partition: how far rows were compared when a report was last made */
  #lastTo: readonly number[] | undefined
  readonly #trouble: (string | undefined)[] = []

  /** @param previous what this goes on from, with `begin` made of it */
  constructor(subject: Subject, limits: Limits, begin: Begin, previous: Report | undefined) {
    this.#subject = subject
    this.#limits = limits
    this.#orders = new OrdersSeen(previous?.resume.orders)
    this.#types = new EventTypesSeen(previous?.seen.rawEventTypes, previous?.seen.eventTypes)
    const { names, curated, unregistered } = subject
    this.#schemas = new SchemasSeen(previous?.seen.schemaIds ?? [], curated, unregistered)
    // what was not counted yet is found again
    const counted = (previous?.differences ?? []).filter(
      ({ kind, partition, offset }) => offset < begin.lanes[kind][partition]!.to,
    )
    this.#examples = new Examples(counted, names, curated)
    this.#recent = new Recent(begin.raw.length, previous?.resume.window)
    this.#fields = new Map(Object.entries(previous?.fields ?? {}))
    this.#strays = { ...previous?.strays }
    const partitions = begin.raw.length
    const lanes = (kind: Kind) => begin.lanes[kind].map((counts, p) => this.#lane(kind, p, counts))
    this.#lanes = { row: lanes('row'), 'dead letter': lanes('dead letter') }
    this.rawCursors = begin.raw.map(
      (start, partition) =>
        new RawCursor({
          partition,
          start,
          lane: this.#lanes.row[partition]!,
          types: this.#types,
          ids: subject.raw,
          partitions,
        }),
    )
    for (const side of SIDES) for (const kind of KINDS) this.#addCursors(side, kind, begin)
  }

  #addCursors(side: SideIndex, kind: Kind, { positions, raw }: Begin): void {
    const { names, topics } = this.#subject
    const maxHeld = Math.ceil(this.#limits.maxHeldRows / (KINDS.length * raw.length))
    for (const [partition, lane] of this.#lanes[kind].entries()) {
      const horizon = new Horizon(topics[side][kind].length)
      this.#horizons[kind][side][partition] = horizon
      const rawCursor = this.rawCursors[partition]!
      const own = topics[side][kind].map(
        (topic) =>
          new SideCursor({
            side,
            kind,
            deployment: names[side],
            topic,
            partition,
            start: positions[side].get(topic)![partition]!,
            lane,
            horizon,
            maxHeld,
            floor: kind === 'row' ? () => rawCursor.floor : () => lane.counts.to,
            onRow: (record) => this.#schemas.note(record),
          }),
      )
      for (const cursor of own) cursor.siblings(own)
      this.cursors[side].push(...own)
    }
  }

  #lane(kind: Kind, partition: number, counts: LaneCounts): Lane {
    return new Lane(counts, {
      fieldsOf: (a, b) =>
        kind === 'row' ? rowFields(a, b, this.#subject.curated) : deadLetterFields(a, b),
      onEqual: (offset, key, content) => {
        if (kind === 'row') this.#orders.add(key.buf, key.start, Math.max(0, key.length))
        this.#recent.add(kind, partition, offset, key, content)
      },
      onFinding: (finding) => this.#examples.add(kind, partition, finding),
      onFields: (names) => {
        for (const name of names) this.#fields.set(name, (this.#fields.get(name) ?? 0) + 1)
      },
    })
  }

  /** Why one of the readers can read nothing at the moment; undefined = it can. */
  troubled(reader: number, why: string | undefined): void {
    this.#trouble[reader] = why
  }

  /** It is known how far the engines are, or were. */
  get hasProgress(): boolean {
    return this.#progress !== undefined
  }

  /** Takes in how far the engines are. */
  progressed(progress: Progress): void {
    this.#progress = progress
    for (const kind of KINDS)
      for (const side of SIDES)
        for (const [partition, committed] of progress.committed[side].entries())
          if (committed !== undefined)
            this.#horizons[kind][side][partition]?.committed(committed, progress.at)
    for (const [partition, lane] of this.#lanes.row.entries())
      lane.forgetBelow(this.rawCursors[partition]!.floor)
    for (const lane of this.#lanes['dead letter']) lane.forgetBelow(Infinity)
  }

  get #held(): number {
    let held = 0
    for (const kind of KINDS)
      for (const lane of this.#lanes[kind]) held += lane.held(0) + lane.held(1) + lane.pending
    return held
  }

  /** Records that both have committed and that are not compared yet. */
  get #behind(): number | null {
    if (!this.#progress) return null
    const [a, b] = this.#progress.committed
    return this.#lanes.row.reduce((sum, { counts }, p) => {
      const both = Math.min(a[p] ?? 0, b[p] ?? 0)
      return sum + Math.max(0, both - Math.min(counts.to, this.#lanes['dead letter'][p]!.counts.to))
    }, 0)
  }

  /** How it stands. Faults are planted each time. @param now epoch milliseconds */
  report(now: number): Report {
    const { names, artifacts, schemaIds, curated } = this.#subject
    const { floorRows, floorOrders, stallMs } = this.#limits
    const counts = { row: this.#countsOf('row'), 'dead letter': this.#countsOf('dead letter') }
    const lags = this.#lagsAt(now)
    const written = (kind: Kind, side: SideIndex) =>
      this.#lanes[kind].reduce((sum, lane) => sum + lane.counts.written[side], 0)
    const side = (i: SideIndex) => ({
      deployment: names[i],
      artifact: artifacts[i],
      rows: written('row', i),
      deadLetters: written('dead letter', i),
    })
    const facts = {
      rows: counts.row,
      deadLetters: counts['dead letter'],
      strays: Object.fromEntries(SIDES.map((i) => [names[i], this.#straysOf(i)])),
      fields: Object.fromEntries(this.#fields),
      seen: {
        orders: this.#orders.count,
        eventTypes: [...this.#types.compared].toSorted(),
        rawEventTypes: [...this.#types.held].toSorted(),
        schemaIds: this.#schemas.ids,
      },
      floor: { rows: floorRows, orders: floorOrders },
      lags: { [names[0]]: lags[0], [names[1]]: lags[1] },
      comparison: { behind: this.#behind, held: this.#held },
      planted: plantFaults(this.#recent.turn(), names, curated),
    }
    const answer = judge({
      report: facts,
      names,
      pending: KINDS.flatMap((kind) => this.#lanes[kind]).reduce((sum, l) => sum + l.pending, 0),
      searched: this.#isSearched(),
      full: this.#isFull(),
      open: this.cursors.flat().flatMap((c) => c.heldBack(stallMs, now) ?? [])[0],
      trouble: this.#trouble.find((why) => why !== undefined),
      ...this.#limits,
    })
    this.#lastTo = this.#lanes.row.map(({ counts: { to } }) => to)
    return {
      ...answer,
      sides: [side(0), side(1)],
      contractVersion: CONTRACT_VERSION,
      schemaIds: { ...schemaIds },
      at: now,
      expiresAt: now + EXPIRES_MS,
      ...facts,
      differences: this.#examples.list,
      covered: this.#lanes.row.map(({ counts: { from, to } }) => ({ from, to })),
      statement: statementOf(facts.rows),
      resume: this.#resume(),
    }
  }

  #countsOf(kind: Kind): Counts {
    const [a, b] = this.#subject.names
    const sum = (of: (counts: LaneCounts) => number) =>
      this.#lanes[kind].reduce((total, { counts }) => total + of(counts), 0)
    return {
      equal: sum(({ equal }) => equal),
      different: sum(({ different }) => different),
      onlyIn: { [a]: sum(({ onlyIn }) => onlyIn[0]), [b]: sum(({ onlyIn }) => onlyIn[1]) },
      twice: { [a]: sum(({ twice }) => twice[0]), [b]: sum(({ twice }) => twice[1]) },
    }
  }

  #straysOf(side: SideIndex): number {
    const now = this.cursors[side].reduce((sum, { strays }) => sum + strays, 0)
    return (this.#strays[this.#subject.names[side]] ?? 0) + now
  }

  /** An answer that is old says nothing any more. */
  #lagsAt(now: number): Progress['lags'] {
    const unknown = { records: null, idleMs: null }
    if (!this.#progress || now - this.#progress.at > this.#limits.stallMs) return [unknown, unknown]
    return this.#progress.lags
  }

  /** Raw has been searched as far as rows were compared when the last report was made. */
  #isSearched(): boolean {
    if (this.#types.held.size === EVENT_TYPES.length) return true
    const last = this.#lastTo
    return last !== undefined && this.rawCursors.every((c) => c.position >= last[c.partition]!)
  }

  /** Somebody waits because of the memory bound. */
  #isFull(): boolean {
    return this.cursors.flat().some((cursor) => cursor.isPaused())
  }

  #resume(): Resume {
    const { names } = this.#subject
    const positions = SIDES.map((side) => {
      const byTopic: Record<string, Resume['positions'][string][string]> = {}
      for (const cursor of this.cursors[side])
        (byTopic[cursor.topic] ??= [])[cursor.partition] = cursor.resume()
      return [names[side], byTopic] as const
    })
    return {
      rows: this.#lanes.row.map(({ counts }) => ({ ...counts })),
      deadLetters: this.#lanes['dead letter'].map(({ counts }) => ({ ...counts })),
      positions: Object.fromEntries(positions),
      raw: this.rawCursors.map(({ position }) => position),
      orders: this.#orders.toString(),
      window: this.#recent.stored,
    }
  }
}
