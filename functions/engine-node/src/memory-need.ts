/**
 * V8's old space of a worker that is one of several, in MiB. Orders, records and rows are bytes outside of it: what lies
 * there is code, the client's and the columns of a fetch; so it is a bound, not a budget.
 */
export const HEAP_MIB = 256
/** Node itself, code and buffers of connections and fetches: measured without a state */
const BASE_MIB = 150
/** of the index: 16 bytes a slot, of which at least a third is taken */
const INDEX_MIB_PER_MILLION = 48

export interface MemoryNeed {
  perWorkerMiB: number
  /** of all workers */
  totalMiB: number
  /** on top, for the index of each million orders, wherever they are */
  perMillionOrdersMiB: number
}

/** The most that so many workers take. Pure. @param stateMiB STATE_MEMORY_MB, of each @param heapMiB V8's limit, of each */
export function memoryNeed(workers: number, stateMiB: number, heapMiB = HEAP_MIB): MemoryNeed {
  const perWorkerMiB = BASE_MIB + heapMiB + stateMiB
  return {
    perWorkerMiB,
    totalMiB: workers * perWorkerMiB,
    perMillionOrdersMiB: INDEX_MIB_PER_MILLION,
  }
}

/**
 * How much of a worker's budget each partition's store has, in bytes: so that it holds while all workers of the command
 * live. For the moment in which a sibling starts again, its partitions come on top.
 */
export const storeBytes = (stateMiB: number, partitions: number, workers: number): number =>
  Math.floor((stateMiB * 2 ** 20) / Math.ceil(partitions / workers))
