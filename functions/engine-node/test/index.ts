export { RowHeaders } from '../src/out-headers.ts'
export { openProducers, type Producers } from '../src/producers.ts'
export type { TransactionalProducer } from '../src/transport.ts'
