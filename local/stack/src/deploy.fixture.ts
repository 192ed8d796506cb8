import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Runs deploy-main.ts as a process of its own, as a container would. @returns what it said */
export async function runDeploy(env: Record<string, string>): Promise<{ stderr: string }> {
  const main = join(import.meta.dirname, 'deploy-main.ts')
  return promisify(execFile)(process.execPath, ['--no-warnings', main], { env })
}
