import { LINEAGE_FIELDS, ROW_FIELDS } from './tables.ts'

/** One thing that must hold: `violations` selects what breaks it, one row each. */
export interface Check {
  name: string
  /** what it means that there are violations */
  says: string
  violations: string
}

const COMPARED = [...Object.keys(ROW_FIELDS), ...Object.keys(LINEAGE_FIELDS)]

/** Rows of two tables that differ, as two structs side by side; `null` where one has no such order. */
const rowsApart = (left: string, right: string) => `
SELECT coalesce(l.order_id, r.order_id) AS order_id, to_json(l)::VARCHAR AS expected, to_json(r)::VARCHAR AS found
FROM (SELECT ${COMPARED.join(', ')} FROM ${left}) l
FULL JOIN (SELECT ${COMPARED.join(', ')} FROM ${right}) r USING (order_id)
WHERE ${COMPARED.map((field) => `l.${field} IS DISTINCT FROM r.${field}`).join(' OR ')}`

/** Applied events by the fold whose row must be in curated; older ones may have passed curated's retention. */
const RETAINED = `
SELECT f.* FROM fold_outcome f JOIN due USING (p)
WHERE outcome = 'applied' AND f.o < due.until AND f.o >= due.from_raw`

export const CHECKS: readonly Check[] = [
  {
    name: 'classification',
    says: 'the codec with the fold and SQL disagree on what a raw record is',
    violations: `
      SELECT coalesce(f.p, s.p) AS partition, coalesce(f.o, s.o) AS "offset", f.outcome AS fold, s.outcome AS sql,
        f.version AS fold_version, s.version AS sql_version
      FROM fold_outcome f FULL JOIN sql_outcome s USING (p, o)
      WHERE f.outcome IS DISTINCT FROM s.outcome OR f.version IS DISTINCT FROM s.version
        OR (f.outcome IN ('applied', 'duplicate') AND f.order_id IS DISTINCT FROM s.order_id)`,
  },
  {
    name: 'oracles',
    says: 'the fold and SQL disagree on a row',
    violations: rowsApart('fold_row', 'sql_row'),
  },
  {
    name: 'warehouse',
    says: 'the warehouse does not hold the row that the fold gives',
    violations: rowsApart('fold_row', 'warehouse'),
  },
  {
    name: 'warehouse by SQL',
    says: 'the warehouse does not hold the row that SQL gives',
    violations: rowsApart('sql_row', 'warehouse'),
  },
  {
    name: 'warehouse keys',
    says: 'the warehouse holds an order more than once',
    violations: `SELECT order_id, count(*) AS rows FROM warehouse GROUP BY order_id HAVING count(*) > 1`,
  },
  {
    name: 'warehouse engine',
    says: 'the warehouse names an engine that did not write that row',
    violations: `
      SELECT w.order_id, w.version, w.engine AS found FROM warehouse w
      JOIN due ON due.p = w.raw_partition
      WHERE w.raw_offset >= due.from_raw AND w.raw_offset < due.until AND NOT EXISTS (
        SELECT 1 FROM curated c
        WHERE c.order_id = w.order_id AND c.version = w.version AND c.engine = w.engine)`,
  },
  {
    name: 'curated rows',
    says: 'a curated record is not the row of an applied event, on its partition, under its key, with its lineage',
    violations: `
      SELECT c.p AS partition, c.o AS "offset", c.engine, c.order_id, c.version, c.raw_partition, c.raw_offset,
        CASE
          WHEN c.invalid IS NOT NULL THEN c.invalid
          WHEN f.p IS NULL THEN 'no applied event gives this version'
          WHEN c.digest <> f.digest THEN 'the row differs from the fold''s'
          ELSE 'key, partition or headers differ'
        END AS why
      FROM curated c
      LEFT JOIN fold_outcome f ON f.outcome = 'applied' AND f.order_id = c.order_id AND f.version = c.version
      WHERE c.invalid IS NOT NULL OR f.p IS NULL OR c.digest <> f.digest OR c.p <> f.p
        OR c.raw_partition IS DISTINCT FROM f.p OR c.raw_offset IS DISTINCT FROM f.o
        OR c.key IS DISTINCT FROM encode(c.order_id) OR c.engine IS NULL`,
  },
  {
    name: 'curated complete',
    says: 'an applied event has no row in curated',
    violations: `
      SELECT r.p AS partition, r.o AS "offset", r.order_id, r.version FROM (${RETAINED}) r
      WHERE NOT EXISTS (SELECT 1 FROM curated c WHERE c.order_id = r.order_id AND c.version = r.version)`,
  },
  {
    name: 'curated once',
    says: 'one deployment wrote a row more than once',
    violations: `
      SELECT order_id, version, engine, count(*) AS times, min(o) AS first_offset FROM curated
      WHERE invalid IS NULL AND NOT filled GROUP BY order_id, version, engine HAVING count(*) > 1`,
  },
  {
    name: 'curated order',
    says: 'one deployment wrote an older version of an order after a newer one',
    violations: `
      SELECT p AS partition, o AS "offset", order_id, engine, version, before FROM (
        SELECT *, max(version) OVER (
          PARTITION BY order_id, engine ORDER BY o ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM curated WHERE invalid IS NULL AND NOT filled)
      WHERE version < before`,
  },
  {
    name: 'dead letters',
    says: 'a dead letter is not that of a malformed record, unchanged, on its partition, with its reason',
    violations: `
      SELECT d.p AS partition, d.o AS "offset", d.engine, d.raw_partition, d.raw_offset, d.reason AS found,
        f.outcome AS expected
      FROM dead_letter d
      LEFT JOIN fold_outcome f ON f.p = d.raw_partition AND f.o = d.raw_offset
      LEFT JOIN raw r ON r.p = d.raw_partition AND r.o = d.raw_offset
      WHERE f.outcome IS NULL OR d.reason IS DISTINCT FROM f.outcome OR d.p <> f.p
        OR d.topic IS DISTINCT FROM 'orders.events.raw' OR d.engine IS NULL
        OR d.key IS DISTINCT FROM r.key OR d.value IS DISTINCT FROM r.value OR d.headers IS DISTINCT FROM r.headers`,
  },
  {
    name: 'dead letters complete',
    says: 'a malformed record has no dead letter',
    violations: `
      SELECT f.p AS partition, f.o AS "offset", outcome AS reason FROM fold_outcome f JOIN due USING (p)
      WHERE outcome NOT IN ('applied', 'duplicate') AND f.o < due.until AND NOT EXISTS (
        SELECT 1 FROM dead_letter d WHERE d.raw_partition = f.p AND d.raw_offset = f.o)`,
  },
  {
    name: 'dead letters once',
    says: 'one deployment wrote a dead letter more than once',
    violations: `
      SELECT raw_partition, raw_offset, engine, count(*) AS times FROM dead_letter
      WHERE NOT filled GROUP BY raw_partition, raw_offset, engine HAVING count(*) > 1`,
  },
]
