import { runtime } from '@pulumi/pulumi'
import { isDeepStrictEqual } from 'node:util'

/** Whether a value, or anything in it, is known only once something else was made: at preview it comes as a sentinel. */
export function hasUnknown(value: unknown): boolean {
  if (value === runtime.unknownValue) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnknown)
}

/** The inputs (by `keys`) whose new value is another one, or not known yet. */
export function changedInputs<Inputs extends object>(
  olds: Readonly<Partial<Inputs>>,
  news: Readonly<Inputs>,
  keys: readonly (keyof Inputs & string)[],
): string[] {
  return keys.filter((key) => hasUnknown(news[key]) || !isDeepStrictEqual(olds[key], news[key]))
}
