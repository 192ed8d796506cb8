import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiGatewayHandler } from './api-gateway.ts'
import { problem, type HttpRequest, type Ingest } from './handler.ts'

/** An event as API Gateway sends it (payload format 2.0). */
const event = (change: object = {}) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: '/events',
  rawQueryString: '',
  headers: { 'content-type': 'application/json', host: 'abc.execute-api.eu-west-1.amazonaws.com' },
  requestContext: {
    accountId: '123456789012',
    stage: '$default',
    http: { method: 'POST', path: '/events', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
  },
  body: '{"é":1}',
  isBase64Encoded: false,
  ...change,
})

/** What the ingest was asked. */
async function asked(change: object): Promise<HttpRequest> {
  const requests: HttpRequest[] = []
  const handle: Ingest['handle'] = (request) => {
    requests.push(request)
    return Promise.resolve(problem(404, 'NOT_FOUND', 'é'))
  }
  const response = await apiGatewayHandler({ handle } as Ingest)(event(change))
  assert.deepEqual(response, {
    statusCode: 404,
    headers: { 'content-type': 'application/json' },
    body: '{"error":{"code":"NOT_FOUND","message":"é"}}',
  })
  return requests[0]!
}

test('method, path, content-type and body are handed on', async () => {
  assert.deepEqual(await asked({}), {
    method: 'POST',
    path: '/events',
    contentType: 'application/json',
    body: Buffer.from('{"é":1}'),
  })
})

test('a base64 body is decoded to its bytes', async () => {
  const { body } = await asked({
    body: Buffer.from([0xff, 0]).toString('base64'),
    isBase64Encoded: true,
  })
  assert.deepEqual(body, Buffer.from([0xff, 0]))
})

test('a named stage is no part of the path', async () => {
  const { requestContext } = event()
  const staged = { rawPath: '/prod/events', requestContext: { ...requestContext, stage: 'prod' } }
  assert.equal((await asked(staged)).path, '/events')
})

test('a GET has no body', async () => {
  assert.equal((await asked({ body: undefined })).body.length, 0)
})
