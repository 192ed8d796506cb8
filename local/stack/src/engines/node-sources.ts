import { hashOf, ROOT } from './source-hash.ts'

/** The workspaces that the Node engine is made of: its own, and those that it depends on. */
export const NODE_WORKSPACES = [
  'functions/engine-node',
  'functions/fold',
  'functions/kit',
  'schemas',
] as const

const READ = [
  ...NODE_WORKSPACES.map((workspace) => `${workspace}/src/**/*.ts`),
  'schemas/avro/**',
  'package-lock.json', // and with it kafkajs
]

/** A short name of what the Node engine runs: it is not built, so it is its sources, its packages and this Node. */
export const nodeHash = (root: string = ROOT): Promise<string> =>
  hashOf(READ, {
    how: process.version,
    root,
    omit: (path) => path.endsWith('.test.ts') || path.endsWith('.fixture.ts'),
  })
