import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyPolicy } from './key-policy.ts'

const { Statement } = keyPolicy({ accountId: '111122223333', region: 'eu-west-1' })

test('whoever is not of the account may use the key for its things only', () => {
  const services = Statement.filter(({ Principal }) => 'Service' in Principal)
  assert.deepEqual(
    [...new Set(services.map(({ Principal }) => Object.values(Principal)[0]))],
    [
      'logs.eu-west-1.amazonaws.com',
      'cloudwatch.amazonaws.com',
      'fargate.amazonaws.com',
      'kinesisanalytics.amazonaws.com',
      'infrastructure.kinesisanalytics.amazonaws.com',
    ],
  )
  for (const { Sid, Condition } of services)
    assert.match(JSON.stringify(Condition), /111122223333/, Sid)
})

test('no service may administer the key; who may grant it may do so for decryption only', () => {
  for (const { Sid, Principal, Action, Condition } of Statement) {
    if (!('Service' in Principal)) continue
    for (const action of Action)
      assert.match(action, /Decrypt|Encrypt|GenerateDataKey|Describe|CreateGrant/, Sid)
    if (Action.includes('kms:CreateGrant')) {
      assert.deepEqual(Condition?.['ForAllValues:StringEquals'], {
        'kms:GrantOperations': 'Decrypt',
      })
    }
  }
})
