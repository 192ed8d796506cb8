export { fold, rowOf } from './fold.ts'
export { decodeState, encodeState, writeState, type OrderState } from './state.ts'
