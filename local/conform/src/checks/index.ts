import type { Check } from '../check.ts'
import { accounting } from './accounting.ts'
import { brokerRestart, kills, lostInstance, zombie } from './crashes.ts'
import {
  aborted,
  committedOffsets,
  duplicates,
  headers,
  rejections,
  ties,
  vectors,
} from './records.ts'
import { epochs, restart } from './shares.ts'
import { invalidConfig, start } from './start.ts'
import { newerSchema, notAnEpoch, unknownId } from './stops.ts'
import { wholeLog } from './whole-log.ts'

/** In the order in which they run: each leaves the engine as the next one can use it. */
export const CHECKS: readonly Check[] = [
  invalidConfig,
  start,
  duplicates,
  ties,
  rejections,
  headers,
  aborted,
  committedOffsets,
  accounting,
  epochs,
  restart,
  kills,
  zombie,
  lostInstance,
  brokerRestart,
  unknownId,
  newerSchema,
  notAnEpoch,
  vectors, // late: two of them leave orders of 9,007 events, which whoever restores state has to carry
  wholeLog,
]
