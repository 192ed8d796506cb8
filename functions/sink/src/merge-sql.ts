import { COLUMNS, KEY, LOADED_AT, TABLE, type Dialect } from './ddl.ts'

/** A stage lives as long as its session, so that a killed sink leaves nothing behind. */
export function createStageSql(dialect: Dialect, stage: string): string {
  const columns = COLUMNS.map(({ name, kind }) => `${name} ${dialect.stageTypes[kind]}`)
  return `CREATE TEMPORARY TABLE ${stage} (${columns.join(', ')})`
}

/**
 * Merges a stage: of every order the newest staged row, and only if it is newer than what the table holds. So a batch
 * may be repeated, reordered or partly applied before, and the table ends up the same.
 */
export function mergeSql(dialect: Dialect, stage: string, loadedAt: number): string {
  const { cast } = dialect
  const selected = COLUMNS.map(({ name, kind }) =>
    kind === 'text' ? name : `${cast(kind, name)} AS ${name}`,
  )
  const names = [...COLUMNS.map(({ name }) => name), LOADED_AT]
  const updates = names.filter((name) => name !== KEY).map((name) => `${name} = S.${name}`)
  // Cast here as well: a stage may hold numbers as text, and "9" sorts after "10". Of equal versions, which are equal
  // rows, the first in curated stays, as it does when they come in separate batches.
  const newest = `${cast('integer', 'VERSION')} DESC, ${cast('integer', 'CURATED_OFFSET')}`
  return `MERGE INTO ${TABLE} T USING (
  SELECT ${selected.join(', ')}, ${cast('timestamp', String(loadedAt))} AS ${LOADED_AT}
  FROM ${stage}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY ${KEY} ORDER BY ${newest}) = 1
) S ON T.${KEY} = S.${KEY}
WHEN MATCHED AND S.VERSION > T.VERSION THEN UPDATE SET ${updates.join(', ')}
WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((name) => `S.${name}`).join(', ')})`
}
