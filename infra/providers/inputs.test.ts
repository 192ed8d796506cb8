import { runtime } from '@pulumi/pulumi'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedInputs, hasUnknown } from './inputs.ts'

test('an unknown value is found at any depth', () => {
  assert.equal(hasUnknown(runtime.unknownValue), true)
  assert.equal(hasUnknown([{ a: [runtime.unknownValue] }]), true)
  assert.equal(hasUnknown([{ a: ['known'], b: null, c: undefined, d: 1 }]), false)
})

test('an input has changed where it differs in any depth, or is not known yet', () => {
  const olds = { a: [{ x: 1 }], b: 'old', c: 1, d: 'same' }
  const news = { a: [{ x: 1 }], b: 'new', c: runtime.unknownValue, d: 'same' }

  const changed = changedInputs<Record<string, unknown>>(olds, news, ['a', 'b', 'c', 'd', 'e'])

  assert.deepEqual(changed, ['b', 'c'])
})
