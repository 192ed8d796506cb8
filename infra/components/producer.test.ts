import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Producer } from './producer.ts'
import { ACCOUNT, KEY, register, REGION, runtimeOf, settingsOf } from './stack.fixture.ts'

const JWT = { auth: 'jwt', issuer: 'https://login.example.com', audience: ['orders'] }

const registerProducer = (changed: Readonly<Record<string, unknown>> = {}) =>
  register(() => {
    const producer = new Producer('producer', {
      runtime: runtimeOf(),
      settings: settingsOf(changed),
    })
    return { url: producer.url, invokeArn: producer.invokeArn }
  })

const ROUTE = 'aws:apigatewayv2/route:Route'

test('with auth: iam every route asks for a signature, also what is no route of ours', async () => {
  const { all } = await registerProducer()

  const routes = all(ROUTE).map(({ inputs }) => inputs)
  assert.deepEqual(
    routes.map(({ routeKey, authorizationType, authorizerId }) => ({
      routeKey,
      authorizationType,
      authorizerId,
    })),
    [
      { routeKey: 'POST /events', authorizationType: 'AWS_IAM', authorizerId: undefined },
      { routeKey: '$default', authorizationType: 'AWS_IAM', authorizerId: undefined },
    ],
  )
  assert.deepEqual(all('aws:apigatewayv2/authorizer:Authorizer'), [])
})

test('with auth: jwt every route asks for a token of that issuer and audience', async () => {
  const { all, one } = await registerProducer({ ingest: JWT })

  assert.deepEqual(
    all(ROUTE).map(({ inputs }) => [
      inputs['routeKey'],
      inputs['authorizationType'],
      inputs['authorizerId'],
    ]),
    [
      ['POST /events', 'JWT', 'producer-id'],
      ['$default', 'JWT', 'producer-id'],
    ],
  )
  assert.deepEqual(one('aws:apigatewayv2/authorizer:Authorizer').inputs, {
    apiId: 'producer-id',
    authorizerType: 'JWT',
    identitySources: ['$request.header.Authorization'],
    jwtConfiguration: { issuer: 'https://login.example.com', audiences: ['orders'] },
  })
})

test('the stage throttles, and logs who asked, without a token or a body', async () => {
  const { one } = await registerProducer()

  const { accessLogSettings, ...stage } = one('aws:apigatewayv2/stage:Stage').inputs
  assert.deepEqual(stage, {
    apiId: 'producer-id',
    name: '$default',
    autoDeploy: true,
    defaultRouteSettings: {
      throttlingRateLimit: 50,
      throttlingBurstLimit: 100,
      detailedMetricsEnabled: true,
    },
  })
  const { destinationArn, format } = accessLogSettings as Record<string, string>
  assert.equal(destinationArn, `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:producer-access`)
  assert.deepEqual(Object.values(JSON.parse(format!) as object), [
    '$context.requestId',
    '$context.requestTime',
    '$context.identity.sourceIp',
    '$context.identity.userArn',
    '$context.authorizer.claims.sub',
    '$context.httpMethod',
    '$context.path',
    '$context.status',
    '$context.responseLatency',
    '$context.error.message',
    '$context.integrationErrorMessage',
  ])
  assert.deepEqual(one('aws:cloudwatch/logGroup:LogGroup', 'producer-access').inputs, {
    kmsKeyId: KEY,
    retentionInDays: 7,
  })
})

test('no stage is there before its routes are', async () => {
  const { one, all } = await registerProducer()

  const { dependencies } = one('aws:apigatewayv2/stage:Stage')
  for (const { urn } of all(ROUTE)) assert.ok(dependencies.includes(urn), urn)
})

test('the function answers before it is cut off, and only this API may call it', async () => {
  const { one, outputs } = await registerProducer()

  const { timeout, environment } = one('aws:lambda/function:Function').inputs as {
    timeout: number
    environment: { variables: Record<string, string> }
  }
  const { timeoutMilliseconds, payloadFormatVersion } = one(
    'aws:apigatewayv2/integration:Integration',
  ).inputs
  assert.equal(environment.variables['INGEST_DEADLINE_MS'], '8000')
  assert.deepEqual([timeout, timeoutMilliseconds, payloadFormatVersion], [20, 20_000, '2.0'])
  const api = String(outputs['invokeArn']).replace(/\/.*/, '')
  assert.match(api, /^arn:aws:execute-api:eu-west-1:123456789012:/)
  assert.deepEqual(one('aws:lambda/permission:Permission').inputs, {
    function: 'producer',
    action: 'lambda:InvokeFunction',
    principal: 'apigateway.amazonaws.com',
    sourceArn: `${api}/$default/*`,
  })
  assert.equal(outputs['invokeArn'], `${api}/$default/POST/events`)
  assert.match(String(outputs['url']), /^https:\/\/[0-9a-f]+\.execute-api\..*\/events$/)
})
