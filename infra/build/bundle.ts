import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'
import type { Files } from './files.ts'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface Bundle {
  /** index.mjs, its source map, and the notices that licences ask for */
  files: Files
  metafile: Metafile
}

/**
 * Bundles an entry point, with all that it imports, into one ES module for Node 24. Same sources, same bytes: neither
 * the folder that it runs in nor the one that it is written to leaves a trace.
 *
 * Names are kept, so that a stack can be read without the map; the map names the sources and does not hold them: they
 * would double the folder, and the commit has them.
 * @param entry a path below the project's root
 * @throws Error with esbuild's own words
 */
export async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    outfile: 'dist/bundle/index.mjs',
    write: false,
    metafile: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'linked',
    banner: { js: REQUIRE },
    // CommonJS packages know their folder too: Snowflake's driver asks for it when it is loaded
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    plugins: [withoutDuckDb],
    logLevel: 'silent',
  })
  return {
    files: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])),
    metafile,
  }
}

/** CommonJS packages call require, which an ES module has not. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);"

/** DuckDB is for the local stack: its binaries are larger than all the rest, and one process writes its file. */
const withoutDuckDb: Plugin = {
  name: 'without-duckdb',
  setup({ onResolve, onLoad }) {
    const namespace = 'left-out'
    onResolve({ filter: /^\.\/duckdb\.ts$/ }, ({ path }) => ({ path, namespace }))
    onLoad({ filter: /.*/, namespace }, () => ({
      contents: `export function openDuckDb() {
        throw new Error('WAREHOUSE=duckdb: this build is for snowflake: and carries no DuckDB')
      }`,
    }))
  },
}

/** What runs of kafkajs, which is never bundled: see functions/kit/src/kafkajs-repairs.ts. */
export function kafkajsFolder(): Files {
  const kit = createRequire(join(ROOT, 'functions/kit/package.json'))
  const folder = dirname(kit.resolve('kafkajs/package.json'))
  const paths = globSync(['package.json', 'LICENSE', 'index.js', 'src/**/*.js'], { cwd: folder })
  return new Map(
    paths.map((path) => [`node_modules/kafkajs/${path}`, readFileSync(join(folder, path))]),
  )
}
