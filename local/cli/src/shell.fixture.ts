import type { Shell } from './shell.ts'

/** A shell for tests, which keeps what was written. */
export function testShell(given: Partial<Shell> = {}): Shell & { stdout: string; stderr: string } {
  const shell = {
    env: {},
    root: '/nonexistent',
    isTerminal: false,
    signal: new AbortController().signal,
    exitCode: 0 as const,
    stdout: '',
    stderr: '',
    out: (text: string) => void (shell.stdout += text),
    err: (text: string) => void (shell.stderr += text),
    ...given,
  }
  return shell
}
