import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What one call of Invoke is answered with; of a function that ran unless `status` says otherwise. */
export interface InvokeAnswer {
  body: unknown
  status?: number
  /** of AWS's own errors, as ResourceNotFoundException */
  errorType?: string
  /** the function itself threw */
  functionError?: boolean
}

export interface LambdaCall {
  functionName: string
  event: unknown
  /** who called */
  accessKeyId: string
}

export interface LambdaApi {
  /** what AWS's SDK needs to find it, credentials included */
  env: Readonly<Record<string, string>>
  calls: readonly LambdaCall[]
  close(): Promise<void>
}

/**
 * AWS Lambda's Invoke on 127.0.0.1: the HTTP API and nothing else of AWS.
 * @param answer is given each event, and how many came before it
 */
export async function startLambdaApi(
  answer: (event: unknown, index: number) => InvokeAnswer | Promise<InvokeAnswer>,
): Promise<LambdaApi> {
  const calls: LambdaCall[] = []
  const server = createServer((request, response) => {
    void body(request).then(async (text) => {
      const [, functionName = ''] =
        /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? []
      const event: unknown = JSON.parse(text)
      const [, accessKeyId = ''] =
        /Credential=([^/]+)/.exec(request.headers.authorization ?? '') ?? []
      calls.push({ functionName: decodeURIComponent(functionName), event, accessKeyId })
      const { body, status = 200, errorType, functionError } = await answer(event, calls.length - 1)
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(errorType !== undefined && { 'x-amzn-errortype': errorType }),
        ...(functionError && { 'x-amz-function-error': 'Unhandled' }),
      })
      response.end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    env: {
      AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    calls,
    close: () => closed(server),
  }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const closed = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
