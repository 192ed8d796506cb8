import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeploymentId } from '@order-up/control'
import { readVerdict, verdictName } from '@order-up/control/operations'
import { Report } from '@order-up/parity'
import { verdictsOf } from '../comparer.ts'

/** Where the comparer of a data folder keeps its report on two deployments. */
export const reportFile = (dataDir: string, ids: readonly DeploymentId[]) =>
  join(verdictsOf(dataDir), verdictName(ids))

/** The comparer's newest report; undefined = there is none yet. @throws TerminalError `VERDICT` */
export const readReport = (
  dataDir: string,
  ids: readonly DeploymentId[],
): Promise<Report | undefined> => readVerdict(verdictsOf(dataDir), ids, Report)

/**
 * A verdict on what has ended must not allow a cutover to what is started later: it is kept under a name that nobody
 * asks for.
 */
export async function setAside(dataDir: string, ids: readonly DeploymentId[]): Promise<void> {
  const path = reportFile(dataDir, ids)
  const until = new Date().toISOString().replaceAll(':', '-')
  await rename(path, path.replace(/\.json$/, `.until-${until}.json`)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    },
  )
}
