/** What makes a cell unreadable, for a person: "is not …". */
export class BadValue extends Error {}

const AMOUNT = /^(\d+)(?:\.(\d+))?$/

/**
 * Reais as decimal text ("109.9", "99") → centavos, digit by digit: no floating point.
 * @throws BadValue where it is no amount, or no whole number of centavos
 */
export function centavos(text: string): number {
  const [, whole, fraction = ''] = AMOUNT.exec(text) ?? []
  if (whole === undefined) throw new BadValue('is not an amount such as 109.9')
  if (/[^0]/.test(fraction.slice(2))) throw new BadValue('is not a whole number of centavos')
  const value = Number(whole + fraction.slice(0, 2).padEnd(2, '0'))
  if (!Number.isSafeInteger(value)) throw new BadValue('is too large')
  return value
}

const US = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))?$/
const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?$/

/**
 * "10/2/2017 10:56" or "2017-10-02 10:56:33" (seconds optional in both), read as UTC → epoch milliseconds.
 * @throws BadValue where it is no time, or no such day or hour exists
 */
export function utcTime(text: string): number {
  const us = US.exec(text)
  const iso = us ?? ISO.exec(text)
  if (!iso) throw new BadValue('is not a time such as 10/2/2017 10:56')
  const [a, b, c, hour, minute, second] = iso.slice(1).map((digits) => Number(digits ?? 0))
  const [year, month, day] = us ? [c!, a!, b!] : [a!, b!, c!]
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  // an hour beyond 23 makes it another day
  const exists =
    time.getUTCMonth() === month - 1 && time.getUTCDate() === day && minute! < 60 && second! < 60
  if (!exists) throw new BadValue('is no time that exists')
  return time.getTime()
}

/** "1" → 1. @throws BadValue */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new BadValue('is not a whole number')
  return Number(text)
}
