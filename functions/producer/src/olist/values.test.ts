import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { centavos, utcTime, wholeNumber } from './values.ts'

test('amounts are exact: every number of centavos, in every way to write it', () => {
  const amount = fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) })
  fc.assert(
    fc.property(amount, fc.nat(4), fc.nat(3), (n, zeros, leading) => {
      const reais = '0'.repeat(leading) + String(n / 100n)
      const cents = String(n % 100n).padStart(2, '0')
      const texts = [`${reais}.${cents}`, `${reais}.${cents}${'0'.repeat(zeros)}`]
      if (cents.endsWith('0')) texts.push(`${reais}.${cents[0]}`)
      if (cents === '00') texts.push(reais)
      for (const text of texts) assert.equal(BigInt(centavos(text)), n, text)
    }),
  )
})

test('amounts that floating point gets wrong', () => {
  assert.equal(centavos('1.15'), 115) // 1.15 * 100 = 114.99999999999999
  assert.equal(centavos('1105.23'), 110523)
  assert.equal(centavos('109.9'), 10990)
  assert.equal(centavos('99'), 9900)
})

for (const text of [
  '',
  '12.345',
  '0.001',
  '1,50',
  '-1',
  '+1',
  '1e2',
  '.5',
  '5.',
  ' 1',
  '0x10',
  'NaN',
  '9'.repeat(15),
])
  test(`no amount: ${JSON.stringify(text)}`, () => {
    assert.throws(() => centavos(text), { message: /^is / })
  })

const TIMES: readonly [string, string][] = [
  ['10/2/2017 10:56', '2017-10-02T10:56:00Z'],
  ['1/31/2018 0:05', '2018-01-31T00:05:00Z'],
  ['01/31/2018 00:05', '2018-01-31T00:05:00Z'],
  ['10/2/2017 10:56:33', '2017-10-02T10:56:33Z'],
  ['2017-10-02 10:56:33', '2017-10-02T10:56:33Z'],
  ['2017-10-02T10:56', '2017-10-02T10:56:00Z'],
  ['2/29/2016 23:59', '2016-02-29T23:59:00Z'],
]
for (const [text, iso] of TIMES)
  test(`time: ${text}`, () => {
    assert.equal(new Date(utcTime(text)).toISOString(), iso.replace('Z', '.000Z'))
  })

for (const text of [
  '',
  '2/29/2017 1:00',
  '13/1/2017 1:00',
  '0/1/2017 1:00',
  '1/1/2017 24:00',
  '1/1/2017 1:60',
  '1/1/2017 1:00:60',
  '1/1/17 1:00',
  '1/1/2017',
  '2017-10-02 10:56:33Z',
  '31.1.2017 1:00',
])
  test(`no time: ${JSON.stringify(text)}`, () => {
    assert.throws(() => utcTime(text), { message: /^is / })
  })

test('whole numbers', () => {
  assert.equal(wholeNumber('12'), 12)
  for (const text of ['', '1.0', '-1', 'a']) assert.throws(() => wholeNumber(text))
})
