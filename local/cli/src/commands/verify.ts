import { Command } from 'commander'
import { OrderUpError, describe } from '@order-up/kit'
import { addReachOptions, integer, reach, type ReachOptions } from '../reach.ts'
import { EXIT, answer, createProgress, type Shell } from '../shell.ts'
import { report } from '../verify/report.ts'
import { verify } from '../verify/verify.ts'

const DEFAULT_TIMEOUT_S = 120

interface Options extends ReachOptions {
  timeout: number
}

export const verifyCommand = (shell: Shell) =>
  addReachOptions(new Command('verify'))
    .summary('recompute the truth from raw, twice, and compare it with the warehouse')
    .description(
      `Recomputes the truth from the raw topic twice, by the project's fold and by SQL that shares nothing with it, and
compares both with curated, the dead letters and the warehouse, row by row. Waits for a pipeline that is behind, and for
a swap that has rows to fill in. A million raw records take about a minute on two free cores.
Exits with ${EXIT.done} where everything agrees, ${EXIT.notVerified} where it does not.`,
    )
    .option(
      '--timeout <seconds>',
      'how long each of engine and sink may take to catch up',
      integer(0),
      DEFAULT_TIMEOUT_S,
    )
    .action(async (options: Options) => {
      const progress = createProgress(shell)
      try {
        const verdict = await verify(await reach(shell, options), {
          timeoutMs: options.timeout * 1_000,
          signal: shell.signal,
          onProgress: progress.say,
        })
        progress.clear()
        answer(shell, options.json ?? false, verdict, report)
        if (verdict.verdict !== 'PASS') shell.exitCode = EXIT.notVerified
      } catch (error) {
        progress.clear()
        if (!(error instanceof OrderUpError) || error.code !== 'NOT_CAUGHT_UP') throw error
        answer(
          shell,
          options.json ?? false,
          { verdict: 'NOT VERIFIED', why: describe(error) },
          ({ why }) => why,
        )
        shell.exitCode = EXIT.notVerified
      }
    })
