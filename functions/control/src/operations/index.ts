export { asCarrier, carrySwap, type Lease } from './carrier.ts'
export {
  asOnlyWriter,
  epochMessage,
  readEpoch,
  readShares,
  writeFirstShares,
  type Epoch,
} from './epochs.ts'
export { observe } from './observe.ts'
export { probe } from './probe.ts'
export { unproven, type Clouds } from './proofs.ts'
export { ensureServiceKey } from './service-key.ts'
export { settle } from './settle.ts'
export { askVerdict, stepSwap, type SwapTools } from './step-swap.ts'
export { ensureSubject, registerSchemas } from './subjects.ts'
export { createTopics, makeTopics } from './topics.ts'
export { readVerdict, verdictName } from './verdicts.ts'
