import type { Exported } from '@order-up/kit'
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Report } from './report.ts'

export type ParityMetrics = ReturnType<typeof createParityMetrics>

export function createParityMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  return {
    registry,
    compared: gauge('orderup_parity_compared_rows', 'Raw records for which both wrote a row'),
    differences: new Gauge({
      name: 'orderup_parity_differences',
      help: 'Raw records about which the two do not agree, by kind of record and of difference',
      labelNames: ['kind', 'is'] as const,
      registers,
    }),
    behind: gauge(
      'orderup_parity_behind_records',
      'Raw records that both have committed and that are not compared yet; NaN = not known',
    ),
    held: gauge('orderup_parity_held_records', 'Records that wait in memory for the other side’s'),
    verdict: new Gauge({
      name: 'orderup_parity_verdict',
      help: '1 for the verdict that holds',
      labelNames: ['verdict'] as const,
      registers,
    }),
    written: new Counter({
      name: 'orderup_parity_verdicts_written_total',
      help: 'Verdicts that were put in their place, or could not be',
      labelNames: ['outcome'] as const,
      registers,
    }),
  }
}

/** Shows a report's figures. */
export function observeReport(metrics: ParityMetrics, report: Report): void {
  const { rows, deadLetters, comparison } = report
  metrics.compared.set(rows.equal + rows.different)
  for (const [kind, counts] of [
    ['row', rows],
    ['dead letter', deadLetters],
  ] as const) {
    metrics.differences.set({ kind, is: 'different' }, counts.different)
    metrics.differences.set({ kind, is: 'onlyIn' }, sum(counts.onlyIn))
    metrics.differences.set({ kind, is: 'twice' }, sum(counts.twice))
  }
  metrics.behind.set(comparison.behind ?? NaN)
  metrics.held.set(comparison.held)
  for (const verdict of ['PASS', 'FAIL', 'INCONCLUSIVE'])
    metrics.verdict.set({ verdict }, report.verdict === verdict ? 1 : 0)
}

const sum = (bySide: Readonly<Record<string, number>>) =>
  Object.values(bySide).reduce((a, b) => a + b, 0)

/** What goes to CloudWatch, with `parity` as Worker. */
export const EXPORTED: readonly Exported[] = [
  { from: 'orderup_parity_compared_rows', as: 'ComparedRows', unit: 'Count' },
  { from: 'orderup_parity_differences', as: 'Differences', unit: 'Count' },
  { from: 'orderup_parity_behind_records', as: 'BehindRecords', unit: 'Count' },
  { from: 'orderup_parity_held_records', as: 'HeldRecords', unit: 'Count' },
]
