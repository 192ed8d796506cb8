export { openSnowflake } from '../src/snowflake.ts'
export { startFakeSnowflake } from './fakesnow/server.ts'
export { mskRecord } from './msk-event.ts'
export { rowOf } from './rows.ts'
