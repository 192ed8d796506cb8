import type { ControlEvent } from '@order-up/control'
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, test, type TestContext } from 'node:test'
import { ask, ControlError } from './invoke.ts'
import { startLambdaApi, type InvokeAnswer } from './lambda-api.fixture.ts'

const FUNCTION = { functionName: 'order-up-control', region: 'eu-west-1' }
const QUICK = { patienceMs: 5_000, pauseMs: 1 }

const before = { ...process.env }
after(() => {
  process.env = before
})

/** Lambda's API with these answers, the last one for ever. */
async function lambda(t: TestContext, ...answers: InvokeAnswer[]) {
  const api = await startLambdaApi((_, index) => answers[Math.min(index, answers.length - 1)]!)
  t.after(() => api.close())
  for (const key of Object.keys(process.env)) if (key.startsWith('AWS_')) delete process.env[key]
  Object.assign(process.env, api.env)
  const said: string[] = []
  return { api, said, patience: { ...QUICK, say: (line: string) => said.push(line) } }
}

const aws = (status: number, errorType: string, message: string): InvokeAnswer => ({
  status,
  errorType,
  body: { Message: message, message },
})

test('the function gets the event, and its answer is returned', async (t) => {
  const { api, said, patience } = await lambda(t, { body: { ids: [1, 7] } })
  const event: ControlEvent = {
    action: 'subject',
    subject: 's',
    schemas: ['{}', '{}'],
    compatibility: 'FULL_TRANSITIVE',
  }

  const answer = await ask(FUNCTION, event, patience)

  assert.deepEqual(answer, { ids: [1, 7] })
  assert.deepEqual(api.calls, [
    { functionName: 'order-up-control', event, accessKeyId: 'AKIDEXAMPLE' },
  ])
  assert.deepEqual(said, [])
})

test('an error in the place of an answer is thrown in its own words, at once', async (t) => {
  const message = 'Subject s refuses the schema: READER_FIELD_MISSING_DEFAULT_VALUE'
  const { api, patience } = await lambda(t, {
    body: { error: { code: 'SCHEMA_INCOMPATIBLE', message } },
  })

  const refused = ask(FUNCTION, { action: 'shares' }, patience)

  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof ControlError)
    assert.deepEqual([error.code, error.message], ['SCHEMA_INCOMPATIBLE', message])
    return true
  })
  assert.equal(api.calls.length, 1)
})

test('what passes is waited for, and said once', async (t) => {
  const { api, said, patience } = await lambda(
    t,
    aws(
      409,
      'ResourceConflictException',
      'The function is currently in the following state: Pending',
    ),
    aws(429, 'TooManyRequestsException', 'Rate exceeded'),
    aws(502, 'EC2ThrottledException', 'throttled by EC2'),
    aws(500, 'ServiceException', 'Lambda failed'),
    { functionError: true, body: { errorMessage: 'Task timed out after 300.00 seconds' } },
    { body: { error: { code: 'REGISTRY_UNREACHABLE', message: 'it does not answer' } } },
    { body: { record: null } },
  )

  const answer = await ask(FUNCTION, { action: 'shares' }, patience)

  assert.deepEqual(answer, { record: null })
  assert.equal(api.calls.length, 7)
  assert.deepEqual(said, [
    'waiting for order-up-control ("shares"): The function is currently in the following state: Pending',
  ])
})

test('its patience ends', async (t) => {
  const { patience } = await lambda(t, aws(429, 'TooManyRequestsException', 'Rate exceeded'))

  const refused = ask(FUNCTION, { action: 'shares' }, { ...patience, patienceMs: 30 })

  await assert.rejects(
    refused,
    /order-up-control in eu-west-1 could not be asked for "shares": TooManyRequestsException: Rate exceeded/,
  )
})

const REFUSALS: readonly [string, InvokeAnswer, RegExp][] = [
  [
    'a function that is not there',
    aws(404, 'ResourceNotFoundException', 'Function not found'),
    /ResourceNotFoundException: Function not found\n {2}Next: `pulumi refresh`/,
  ],
  [
    'no right to invoke it',
    aws(403, 'AccessDeniedException', 'User is not authorized'),
    /AccessDeniedException: User is not authorized\n {2}Next: allow whoever deploys lambda:InvokeFunction/,
  ],
  [
    'credentials that are over',
    aws(403, 'ExpiredTokenException', 'The security token is expired'),
    /The security token is expired\n {2}Next: give this shell AWS credentials/,
  ],
  [
    'a function that throws',
    { functionError: true, body: { errorType: 'TypeError', errorMessage: 'x is not a function' } },
    /it failed: TypeError: x is not a function\n {2}Next: its log: `aws logs tail/,
  ],
  [
    'an answer of another version',
    { body: { surprise: true } },
    /it answered \{"surprise":true\}, which this program does not know/,
  ],
]
for (const [what, answer, message] of REFUSALS)
  test(`${what}: said at once, with the next command`, async (t) => {
    const { api, patience } = await lambda(t, answer)

    await assert.rejects(ask(FUNCTION, { action: 'shares' }, patience), message)

    assert.equal(api.calls.length, 1)
  })

test('no credentials: said, with the next command', async (t) => {
  const { api, patience } = await lambda(t, { body: {} })
  delete process.env['AWS_ACCESS_KEY_ID']
  delete process.env['AWS_SECRET_ACCESS_KEY']

  await assert.rejects(
    ask(FUNCTION, { action: 'shares' }, patience),
    /CredentialsProviderError: .*\n {2}Next: give this shell AWS credentials/,
  )

  assert.equal(api.calls.length, 0)
})
