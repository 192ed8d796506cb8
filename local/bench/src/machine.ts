import { readdirSync } from 'node:fs'
import { arch, cpus, platform, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** What figures were measured on. */
export interface Machine {
  cpu: string | undefined
  cores: number
  memoryGiB: number
  os: string
  node: string
}

export const thisMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  os: `${platform()} ${arch()}`,
  node: process.version,
})

const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

/** A file of the results. */
export const resultFile = (name: string) => `${RESULTS}/${name}`

/** Each run has a file of its own: figures are compared between runs, never with a limit. @param date ISO 8601 */
export const runFile = (name: string, date: string) =>
  resultFile(`${date.slice(0, 19).replaceAll(':', '')}-${name}.json`)

/** The files of a benchmark's runs, oldest first. */
export const runFiles = (name: string): string[] =>
  readdirSync(RESULTS)
    .filter((file) => file.endsWith(`-${name}.json`))
    .toSorted()
    .map(resultFile)
