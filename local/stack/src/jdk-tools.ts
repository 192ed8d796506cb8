import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { TerminalError } from '@order-up/kit'
import type { Jdk } from './prerequisites.ts'

/** java/ of this workspace: the sources of what runs around other people's main classes. */
export const JAVA_SOURCES = join(import.meta.dirname, '../java')

/** The oldest JDK that anything here runs on. */
const RELEASE = '17'

/**
 * Compiles some sources into a jar, by way of a folder `classes` beside it.
 * @throws TerminalError `JDK_BROKEN`
 */
export async function compileJar(
  jdk: Jdk,
  o: { sources: readonly string[]; classPath: readonly string[]; folder: string; name: string },
): Promise<void> {
  const classes = join(o.folder, 'classes')
  const classPath = o.classPath.length > 0 ? ['-cp', o.classPath.join(':')] : []
  await run(jdk, 'javac', ['--release', RELEASE, ...classPath, '-d', classes, ...o.sources])
  await run(jdk, 'jar', ['--create', '--file', join(o.folder, o.name), '-C', classes, '.'])
}

async function run(jdk: Jdk, tool: string, args: string[]): Promise<void> {
  const child = spawn(join(jdk.home, 'bin', tool), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await endOf(child)
  if (code !== 0) throw new TerminalError('JDK_BROKEN', `${tool} of ${jdk.home} failed (${code})`)
}

/** Resolves with the exit code, null where it was killed, once all of its output is there. */
export function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}
