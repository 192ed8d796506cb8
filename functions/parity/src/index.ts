export * from './report.ts'
export * from './report-lines.ts'
