import { TerminalError, messageOf } from '@order-up/kit'
import { CsvError, parse, type Info } from 'csv-parse'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { BadValue } from './values.ts'

/** One row with where it stands, so that whatever is wrong with it can be found. */
export interface Row<C extends string> {
  /** the text of a column */
  text(column: C): string
  /** a column's value. @throws TerminalError `BAD_INPUT` naming file, line and column */
  read<T>(column: C, parse: (text: string) => T): T
  /** as read, null where the cell is empty */
  readOptional<T>(column: C, parse: (text: string) => T): T | null
  /** an error about this row */
  bad(what: string, cause?: unknown): TerminalError
}

/**
 * Reads a CSV file row by row; columns by the names in its first line, in any order, others ignored.
 * @throws TerminalError `BAD_INPUT` naming the file, and line and column where there is one
 */
export async function* readCsv<C extends string>(
  path: string,
  columns: readonly C[],
): AsyncGenerator<Row<C>> {
  const file = basename(path)
  const bad = (what: string, cause?: unknown) =>
    new TerminalError('BAD_INPUT', `${file}${what}`, {
      cause,
      remedy: 'nothing was sent; mend the file and start again',
    })
  let headed = false
  const onHeader = (found: string[]) => {
    headed = true
    return header(columns, found)
  }
  const parser = Readable.from(utf8Text(path)).compose(
    parse({ columns: onHeader, trim: true, skip_empty_lines: true, info: true }),
  )
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>
      info: Info
    }>) {
      yield row(record, (what, cause) => bad(`:${info.lines}: ${what}`, cause))
    }
    if (!headed) header(columns, [])
  } catch (error) {
    if (error instanceof TerminalError) throw error
    const line =
      error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : ''
    throw bad(`${line}: ${messageOf(error)}`, error)
  }
}

function row<C extends string>(record: Record<string, string>, bad: Row<C>['bad']): Row<C> {
  const text = (column: C) => record[column]!
  const read = <T>(column: C, parse: (text: string) => T): T => {
    try {
      return parse(text(column))
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      throw bad(`${column} ${JSON.stringify(text(column))} ${error.message}`)
    }
  }
  return {
    text,
    read,
    readOptional: (column, parse) => (text(column) === '' ? null : read(column, parse)),
    bad,
  }
}

function header(required: readonly string[], found: string[]): string[] {
  const missing = required.filter((column) => !found.includes(column))
  if (missing.length > 0) throw new BadValue(`has no column ${missing.join(', ')}`)
  const twice = required.filter((column) => found.indexOf(column) !== found.lastIndexOf(column))
  if (twice.length > 0) throw new BadValue(`has two columns ${twice.join(', ')}`)
  return found
}

/** Decodes strictly, without a byte order mark: a byte that is not UTF-8 would else become another character unnoticed. */
async function* utf8Text(path: string) {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
    yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}
