/** What one engine does in a stage. */
export interface Side {
  /** the deployment's id, as `node-1` */
  deployment: string
  /** buckets that it owns, both ends included; undefined = none */
  owns: readonly [from: number, to: number] | undefined
  /** what lies in its shadow topic; undefined = nothing */
  shadow?: string
  isDead?: true
}

/** A stage of a swap from node-1 to flink-1, as it is drawn. */
export interface Stage {
  /** the file's name */
  name: string
  title: string
  /** what happens, in a line */
  says: string
  /** the incumbent above, the newcomer below; undefined = it does not run */
  sides: readonly [Side | undefined, Side | undefined]
  /** beside curated */
  curated: string
  /** what the comparer says; undefined = fewer than two run */
  verdict?: string
  /** whether rows that curated lacks are copied from the newcomer's shadow topic */
  isFilled?: true
  /** in the shares topic, in words */
  record: string
}

const ALL = [0, 99] as const

export const STAGES: readonly Stage[] = [
  {
    name: 'day-1',
    title: 'day 1',
    says: 'one engine owns every bucket',
    sides: [{ deployment: 'node-1', owns: ALL }, undefined],
    curated: 'one row for each event',
    record: 'epoch 1: node-1 0–99',
  },
  {
    name: 'shadow',
    title: 'shadow',
    says: 'the newcomer folds everything, and nobody who reads curated sees a row of it',
    sides: [
      { deployment: 'node-1', owns: ALL },
      { deployment: 'flink-1', owns: undefined, shadow: 'all its rows' },
    ],
    curated: 'as on day 1',
    verdict: 'row by row: PASS',
    record: 'epoch 1: node-1 0–99 (the shadow changes nothing here)',
  },
  {
    name: 'split',
    title: 'split, 10 %',
    says: 'one order in ten is written by the newcomer; an order has one writer',
    sides: [
      { deployment: 'node-1', owns: [10, 99], shadow: 'rows of 0–9' },
      { deployment: 'flink-1', owns: [0, 9], shadow: 'rows of 10–99' },
    ],
    curated: 'one row for each event',
    verdict: 'row by row: PASS',
    record: 'epoch 3: node-1 10–99, flink-1 0–9',
  },
  {
    name: 'overlap',
    title: 'cutover, the overlap',
    says: 'make before break: both write, until the newcomer is proven to write all of it',
    sides: [
      { deployment: 'node-1', owns: ALL },
      { deployment: 'flink-1', owns: ALL, shadow: 'what it wrote before' },
    ],
    curated: 'rows twice, byte-equal',
    verdict: 'row by row: PASS',
    record: 'epoch 4: node-1 0–99, flink-1 0–99; swap: gate, sampled offsets',
  },
  {
    name: 'way-back',
    title: 'cutover, done',
    says: 'the old engine goes on in shadow: the way back is one command, and asks for no verdict',
    sides: [
      { deployment: 'node-1', owns: undefined, shadow: 'all its rows' },
      { deployment: 'flink-1', owns: ALL },
    ],
    curated: 'one row for each event',
    verdict: 'row by row: PASS',
    record: 'epoch 5: flink-1 0–99; previous: node-1',
  },
  {
    name: 'retired',
    title: 'retired',
    says: 'the old engine is gone; the way back is a new shadow phase',
    sides: [undefined, { deployment: 'flink-1', owns: ALL }],
    curated: 'one row for each event',
    record: 'epoch 5: flink-1 0–99; previous: none',
  },
  {
    name: 'failover',
    title: 'failover',
    says: 'the owner is dead: its open transactions are ended, the other one owns, gaps are filled',
    sides: [
      { deployment: 'node-1', owns: undefined, isDead: true },
      { deployment: 'flink-1', owns: ALL, shadow: 'what it wrote before' },
    ],
    curated: 'gaps filled, marked',
    isFilled: true,
    record: 'epoch 3: flink-1 0–99; swap: settle, forced "failover: node-1 is dead"',
  },
]
