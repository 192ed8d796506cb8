/** One line of Prometheus' text format. */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads Prometheus' text format as prom-client writes it; what is no sample is passed over. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? []
    if (name === undefined) return []
    const pairs = [...labels.matchAll(LABEL)].map(([, key, v]) => [key!, v!] as const)
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }]
  })
}

/** The sum of a metric over all label values that match; undefined where there is no such sample. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  where: Readonly<Record<string, string>> = {},
): number | undefined {
  const matching = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(where).every(([k, v]) => sample.labels[k] === v),
  )
  if (matching.length === 0) return undefined
  return matching.reduce((sum, { value }) => sum + value, 0)
}

/**
 * A quantile of a histogram, interpolated within its bucket as Prometheus does.
 * @returns undefined without observations; the last finite bound where the quantile lies beyond it
 */
export function quantileOf(
  samples: readonly Sample[],
  name: string,
  quantile: number,
): number | undefined {
  const byBound = new Map<number, number>()
  for (const { name: found, labels, value } of samples) {
    if (found !== `${name}_bucket`) continue
    const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le'])
    byBound.set(bound, (byBound.get(bound) ?? 0) + value)
  }
  const buckets = [...byBound].toSorted(([a], [b]) => a - b)
  const total = buckets.at(-1)?.[1] ?? 0
  if (total === 0) return undefined
  const rank = quantile * total
  let lower = 0
  let below = 0
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lower
      return lower + ((bound - lower) * (rank - below)) / (count - below)
    }
    lower = bound
    below = count
  }
  return lower
}

/** @returns undefined where nothing answers */
export async function fetchMetrics(port: number): Promise<Sample[] | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
      signal: AbortSignal.timeout(2_000),
    })
    return answer.ok ? parseMetrics(await answer.text()) : undefined
  } catch {
    return undefined
  }
}
