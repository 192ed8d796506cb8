export { CHECKS } from './checks/index.ts'
export type { Check } from './check.ts'
export { Session, type CheckResult } from './run.ts'
