import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cached.ts'

const run = promisify(execFile)

/**
 * A virtual environment with some Python packages, kept outside the tree, or what is missing for that.
 * @param name with every version in it: what is kept under a name is never changed
 * @param requirements as pip takes them
 * @returns the path of its Python. Scripts of the environment name the path that it was made under: run `-m`.
 */
export async function pythonEnvironment(
  name: string,
  requirements: readonly string[],
): Promise<{ python: string } | { missing: string }> {
  try {
    await run('python3', ['-c', 'import sys; assert sys.version_info >= (3, 10)'])
  } catch {
    return { missing: `python3 (3.10 or later) for ${name}` }
  }
  try {
    const folder = await cached(name, async (venv) => {
      await run('python3', ['-m', 'venv', venv])
      await run(join(venv, 'bin', 'python'), ['-m', 'pip', 'install', '-q', ...requirements])
    })
    return { python: join(folder, 'bin', 'python') }
  } catch (error) {
    return { missing: `${requirements.join(', ')} (${(error as Error).message.split('\n')[0]})` }
  }
}
