import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import { LambdaWorker } from './lambda-worker.ts'
import { logGroup } from './log-group.ts'
import type { Runtime } from './runtime.ts'

/** How long the function tries before it answers 503, … */
const DEADLINE_MS = 8_000
/** … how long Lambda lets it (a cold start comes on top), and how long the API waits for it. */
const TIMEOUT_S = 20

/**
 * What the API answers: functions/producer/openapi.yaml. The second takes whatever is not the first, so that a wrong path
 * or method gets an answer of ours; both ask who is calling.
 */
const ROUTES = { events: 'POST /events', rest: '$default' } as const

/** of the API: the one that is no part of its paths */
const STAGE = '$default'

export interface ProducerArgs {
  runtime: Runtime
  settings: Pick<Settings, 'ingest' | 'sizes'>
}

/** Takes events over HTTP: a Lambda function that keeps its connections to Kafka, behind an HTTP API. */
export class Producer extends pulumi.ComponentResource {
  /** where events are posted */
  readonly url: pulumi.Output<string>
  /** what a caller's IAM policy has to allow execute-api:Invoke on, with auth: iam */
  readonly invokeArn: pulumi.Output<string>
  readonly apiId: pulumi.Output<string>
  readonly functionName: pulumi.Output<string>
  readonly logGroupName: pulumi.Output<string>

  constructor(
    name: string,
    { runtime, settings }: ProducerArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:ingest:Producer', name, {}, opts)
    const { memory, reservedConcurrency, requestsPerSecond, burst } = settings.sizes.producer
    const within = { parent: this }
    const worker = new LambdaWorker(
      name,
      {
        runtime,
        bundle: 'producer',
        description: 'Order-Up: takes order events over HTTP and appends them to raw',
        memory,
        timeoutS: TIMEOUT_S,
        concurrency: reservedConcurrency,
        env: { INGEST_DEADLINE_MS: String(DEADLINE_MS) },
        kafka: 'producer',
      },
      within,
    )
    const api = new aws.apigatewayv2.Api(
      name,
      { protocolType: 'HTTP', description: 'Order-Up: order events' },
      within,
    )
    const integration = new aws.apigatewayv2.Integration(
      name,
      {
        apiId: api.id,
        integrationType: 'AWS_PROXY',
        integrationMethod: 'POST',
        integrationUri: worker.invokeArn,
        payloadFormatVersion: '2.0',
        timeoutMilliseconds: TIMEOUT_S * 1_000,
      },
      within,
    )
    const authorization = this.#authorization(name, api, settings.ingest)
    const routes = Object.entries(ROUTES).map(
      ([route, routeKey]) =>
        new aws.apigatewayv2.Route(
          `${name}-${route}`,
          {
            apiId: api.id,
            routeKey,
            target: pulumi.interpolate`integrations/${integration.id}`,
            ...authorization,
          },
          within,
        ),
    )
    const accessLogs = logGroup(`${name}-access`, runtime, within)
    new aws.apigatewayv2.Stage(
      name,
      {
        apiId: api.id,
        name: STAGE,
        autoDeploy: true,
        defaultRouteSettings: {
          throttlingRateLimit: requestsPerSecond,
          throttlingBurstLimit: burst,
          detailedMetricsEnabled: true,
        },
        accessLogSettings: { destinationArn: accessLogs.arn, format: ACCESS_LOG },
      },
      // no stage without its routes: what is not there can't ask who is calling
      { ...within, dependsOn: routes },
    )
    new aws.lambda.Permission(
      name,
      {
        function: worker.functionName,
        action: 'lambda:InvokeFunction',
        principal: 'apigateway.amazonaws.com',
        sourceArn: pulumi.interpolate`${api.executionArn}/${STAGE}/*`,
      },
      within,
    )
    this.url = pulumi.interpolate`${api.apiEndpoint}/events`
    this.invokeArn = pulumi.interpolate`${api.executionArn}/${STAGE}/POST/events`
    this.apiId = api.id
    this.functionName = worker.functionName
    this.logGroupName = worker.logGroupName
    this.registerOutputs({ url: this.url })
  }

  #authorization(
    name: string,
    api: aws.apigatewayv2.Api,
    ingest: Settings['ingest'],
  ): Pick<aws.apigatewayv2.RouteArgs, 'authorizationType' | 'authorizerId'> {
    if (ingest.auth === 'iam') return { authorizationType: 'AWS_IAM' }
    const { issuer, audience } = ingest
    const authorizer = new aws.apigatewayv2.Authorizer(
      name,
      {
        apiId: api.id,
        authorizerType: 'JWT',
        identitySources: ['$request.header.Authorization'],
        jwtConfiguration: { issuer, audiences: audience },
      },
      { parent: this },
    )
    return { authorizationType: 'JWT', authorizerId: authorizer.id }
  }
}

/** Of each request: who, what, how it ended. Neither its body nor its token. */
const ACCESS_LOG = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  subject: '$context.authorizer.claims.sub',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
})
