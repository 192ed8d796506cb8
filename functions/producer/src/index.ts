export { apiGatewayHandler, type ApiGatewayResponse } from './api-gateway.ts'
export {
  createGenerator,
  type Generated,
  type Generator,
  type GeneratorOptions,
  type Kind,
} from './generator.ts'
export {
  GenerateOptions,
  runGenerator,
  type GenerateCounts,
  type GenerateResult,
} from './generate.ts'
export {
  createIngest,
  type HttpRequest,
  type HttpResponse,
  type Ingest,
  type IngestOptions,
} from './handler.ts'
export type { Outcome, Problem, RejectedEvent } from './answers.ts'
export { eventOf, planEvents } from './olist/events.ts'
export { readOlistFiles, type OlistFiles, type OlistOrder } from './olist/orders.ts'
export { createRandom, type Random } from './random.ts'
export { runReplay, type ReplayProgress, type ReplayResult } from './replay.ts'
export {
  createRawSender,
  type Appended,
  type RawMessage,
  type RawSender,
  type RawSenderOptions,
} from './send.ts'
