export { openProducers, type Producers } from '../src/producers.ts'
export type { TransactionalProducer } from '../src/transport.ts'
