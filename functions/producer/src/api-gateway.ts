import { z } from 'zod'
import type { Ingest } from './handler.ts'

/** An API Gateway HTTP API event (payload format 2.0), as far as it is read. */
const ApiGatewayEvent = z.object({
  rawPath: z.string(),
  headers: z.record(z.string(), z.string().optional()).default({}),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({ stage: z.string(), http: z.object({ method: z.string() }) }),
})

export interface ApiGatewayResponse {
  statusCode: number
  headers: Record<string, string>
  body: string
}

/** Speaks API Gateway's HTTP API in front of an ingest. @throws ZodError where the event is none of its */
export function apiGatewayHandler(ingest: Ingest) {
  return async (event: unknown): Promise<ApiGatewayResponse> => {
    const {
      rawPath,
      headers,
      body = '',
      isBase64Encoded,
      requestContext,
    } = ApiGatewayEvent.parse(event)
    const { stage, http } = requestContext
    const {
      status,
      headers: answered,
      body: answer,
    } = await ingest.handle({
      method: http.method,
      // a named stage is part of the path
      path: stage === '$default' ? rawPath : rawPath.replace(`/${stage}/`, '/'),
      contentType: headers['content-type'],
      body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    })
    return { statusCode: status, headers: answered, body: JSON.stringify(answer) }
  }
}
