import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeploymentId } from '@order-up/control'
import { verdictName } from '@order-up/control/operations'
import { TerminalError } from '@order-up/kit'
import { Report } from '@order-up/parity'
import { verdictsOf } from '../comparer.ts'

/** Where the comparer of a data folder keeps its report on two deployments. */
export const reportFile = (dataDir: string, ids: readonly DeploymentId[]) =>
  join(verdictsOf(dataDir), verdictName(ids))

/** The comparer's newest report; undefined = there is none yet. @throws TerminalError `VERDICT` */
export async function readReport(
  dataDir: string,
  ids: readonly DeploymentId[],
): Promise<Report | undefined> {
  const path = reportFile(dataDir, ids)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return Report.parse(JSON.parse(text))
  } catch (cause) {
    throw new TerminalError('VERDICT', `${path} is not a report`, {
      cause,
      remedy: 'delete it: the comparer writes it again',
    })
  }
}
