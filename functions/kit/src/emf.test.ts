import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EmfDocument } from './emf.fixture.ts'
import { emfLine } from './emf.ts'

const dimensions = { Stack: 'dev', Worker: 'node-1' }

test('a document is as the specification wants it', () => {
  const metrics = {
    LagSeconds: { value: 1.5, unit: 'Seconds' },
    Latency: { value: [1, 2], unit: 'Seconds' },
    Applied: { value: 0, unit: 'Count' },
  } as const

  const line = emfLine({ dimensions, metrics }, 1_700_000_000_000)!

  assert.deepEqual(EmfDocument.parse(JSON.parse(line)), {
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'OrderUp',
          Dimensions: [['Stack', 'Worker']],
          Metrics: [
            { Name: 'LagSeconds', Unit: 'Seconds' },
            { Name: 'Latency', Unit: 'Seconds' },
            { Name: 'Applied', Unit: 'Count' },
          ],
        },
      ],
    },
    Stack: 'dev',
    Worker: 'node-1',
    LagSeconds: 1.5,
    Latency: [1, 2],
    Applied: 0,
  })
  assert.ok(!line.includes('\n'), 'one event in the log')
})

test('unknown is not zero: what is not known is left out, and nothing known is no document', () => {
  const metrics = {
    LagSeconds: { value: NaN, unit: 'Seconds' },
    Latency: { value: [], unit: 'Seconds' },
  } as const

  assert.equal(emfLine({ dimensions, metrics }, 1), undefined)
  const line = emfLine({ dimensions, metrics: { ...metrics, Up: { value: 1, unit: 'Count' } } }, 1)

  const document = EmfDocument.parse(JSON.parse(line!))
  assert.deepEqual(document._aws.CloudWatchMetrics[0]!.Metrics, [{ Name: 'Up', Unit: 'Count' }])
  assert.deepEqual(Object.keys(document), ['_aws', 'Stack', 'Worker', 'Up'])
})
