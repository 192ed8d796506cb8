export { carrySwap } from './carrier.ts'
export {
  asOnlyWriter,
  epochMessage,
  readEpoch,
  readShares,
  writeFirstShares,
  type Epoch,
} from './epochs.ts'
export { asCarrier, type Lease } from './lease.ts'
export { observe } from './observe.ts'
export { probe } from './probe.ts'
export { unproven, type Clouds } from './proofs.ts'
export { ensureServiceKey } from './service-key.ts'
export { settle } from './settle.ts'
export { askVerdict, stepSwap, type SwapTools } from './step-swap.ts'
export { ensureSubject, registerSchemas } from './subjects.ts'
export { createTopics, makeTopics } from './topics.ts'
export { readVerdict, verdictName, writeVerdict } from './verdicts.ts'
