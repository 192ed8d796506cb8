import { Command } from 'commander'
import { queryWarehouse } from '@order-up/sink'
import {
  addCommonOptions,
  dataDirOf,
  integer,
  querySocketOf,
  requireRun,
  type ReachOptions,
} from '../reach.ts'
import { answer, type Shell } from '../shell.ts'
import { textTable } from '../text-table.ts'

interface Options extends ReachOptions {
  limit: number
}

export const queryCommand = (shell: Shell) =>
  addCommonOptions(new Command('query'))
    .summary('ask the warehouse')
    .description('Runs one reading statement in the warehouse (DuckDB): the table is ORDERS.')
    .argument('<sql>', 'as "SELECT STATUS, count(*) FROM ORDERS GROUP BY STATUS"')
    .option('--limit <rows>', 'rows at most', integer(1, 1_000_000), 1_000)
    .action(async (sql: string, options: Options) => {
      const dataDir = dataDirOf(shell, options)
      await requireRun(shell, dataDir)
      const result = await queryWarehouse(querySocketOf(shell, dataDir), sql, {
        limit: options.limit,
      })
      answer(shell, options.json ?? false, result, ({ columns, rows, truncated }) =>
        [
          textTable(
            columns.map(({ name }) => name),
            rows,
          ),
          ...(truncated ? [`(the first ${rows.length} rows; more with --limit)`] : []),
        ].join('\n'),
      )
    })
