export * from './ddl.ts'
export * from './duckdb.ts'
export * from './query-server.ts'
export * from './warehouse.ts'
