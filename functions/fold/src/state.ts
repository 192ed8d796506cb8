import type { Writer } from '@order-up/schemas'
import type { OrderState } from './fold.ts'
import { memoryOf } from './memory.ts'

// Until the engine no longer imports them.
export const encodeState = ({ bytes }: OrderState): Buffer => bytes
export const decodeState = (bytes: Buffer): OrderState => memoryOf(Buffer.from(bytes))
export const writeState = (w: Writer, { bytes }: OrderState) => w.bytes(bytes)
