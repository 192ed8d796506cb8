import { Agent, request } from 'node:http'
import { silentLog } from '@order-up/kit'
import {
  apiGatewayHandler,
  createGenerator,
  createIngest,
  createRawSender,
} from '@order-up/producer'
import { decodeRaw } from '@order-up/schemas'
import { round, type Bench, type BenchOptions, type Figures } from '../bench.ts'
import { Pipeline } from '../pipeline.ts'

const ORDERS = 80_000
const EVENTS_PER_ORDER = 25
const PARTITIONS = 4
/** as many as a request may hold */
const EVENTS_PER_REQUEST = 500
const BODIES = 200
/** requests under way at a time */
const CLIENTS = 16

/** Whoever writes raw: as fast as one process of it can. */
export const producer: Bench = {
  name: 'producer',
  about:
    'one process writing raw: the generator (2M events of 80k orders), and the ingest with 1M events of some 340 bytes of ' +
    `JSON, ${EVENTS_PER_REQUEST} in a request, ${CLIENTS} requests at a time: called as a Lambda, and over HTTP`,
  run: measureAll,
}

async function measureAll(
  say: (line: string) => void,
  { quick }: BenchOptions,
): Promise<Figures | undefined> {
  await using pipeline = await Pipeline.open()
  const orders = quick ? 4_000 : ORDERS
  const generated = await timed(() =>
    pipeline.generate({ seed: 1, orders, eventsPerOrder: EVENTS_PER_ORDER, concurrent: orders }),
  )
  say(`generator: ${generated.perSecond} events/s`)
  const requests = quick ? 100 : 2_000
  const bodies = requestBodies()
  const called = await timed(() => callIngest(pipeline, bodies, requests))
  say(`ingest, called: ${called.perSecond} events/s`)

  const worker = await pipeline.ingest()
  const before = worker.usage().cpuSeconds
  const posted = await timed(() => postAll(worker.httpPort, bodies, requests))
  const cpuSeconds = worker.usage().cpuSeconds - before
  const figures = {
    'generator, events/s': generated.perSecond,
    'generator, CPU-s per 1M': generated.cpuPerMillion,
    'ingest called, events/s': called.perSecond,
    'ingest called, CPU-s per 1M': called.cpuPerMillion,
    'ingest over HTTP, events/s': posted.perSecond,
    'ingest over HTTP, CPU-s per 1M': round((cpuSeconds / posted.events) * 1e6, 1),
  }
  if (!quick) return figures
  say(JSON.stringify(figures))
  return undefined
}

/** @param work says how many events it was */
async function timed(work: () => Promise<number>) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const events = await work()
  const seconds = (performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  return {
    events,
    perSecond: Math.round(events / seconds),
    cpuPerMillion: round((user + system) / events, 1),
  }
}

/** The generator's events as clients write them. */
function requestBodies(): string[] {
  const generator = createGenerator({
    seed: 2,
    orders: ORDERS,
    duplicates: 0,
    late: 0,
    malformed: 0,
    concurrent: 200,
    partitions: PARTITIONS,
    schemaId: 1,
  })
  const ids = new Map([[1, 1]])
  const next = () => {
    const decoded = decodeRaw(generator.next(Date.now())!, ids, PARTITIONS)
    if (decoded.kind !== 'event') throw new Error('the generator made what is no event')
    return decoded.event
  }
  return Array.from({ length: BODIES }, () =>
    JSON.stringify(Array.from({ length: EVENTS_PER_REQUEST }, next)),
  )
}

/** As API Gateway calls the Lambda, but several at a time. @returns events accepted */
async function callIngest(
  { kafka, registry }: Pipeline,
  bodies: readonly string[],
  requests: number,
): Promise<number> {
  const ingest = createIngest({
    openSender: () => createRawSender({ kafka, registry }),
    deadlineMs: 8_000,
    log: silentLog(),
  })
  const handle = apiGatewayHandler(ingest)
  await ingest.warmUp()
  await severally(requests, async (i) => {
    const { statusCode, body } = await handle({
      rawPath: '/events',
      headers: { 'content-type': 'application/json' },
      body: bodies[i % bodies.length],
      requestContext: { stage: '$default', http: { method: 'POST' } },
    })
    if (statusCode !== 202) throw new Error(`answered ${statusCode}: ${body}`)
  })
  await ingest.close()
  return requests * EVENTS_PER_REQUEST
}

/** @returns events accepted */
async function postAll(port: number, bodies: readonly string[], requests: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  await severally(requests, (i) => post(agent, port, bodies[i % bodies.length]!))
  agent.destroy()
  return requests * EVENTS_PER_REQUEST
}

const post = (agent: Agent, port: number, body: string) =>
  new Promise<void>((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    request({ agent, host: '127.0.0.1', port, path: '/events', method: 'POST', headers })
      .on('response', (response) => {
        response.resume().on('end', resolve)
        if (response.statusCode !== 202) reject(new Error(`answered ${response.statusCode}`))
      })
      .on('error', reject)
      .end(body)
  })

/** Calls `once` so many times, with each index once; as many are under way as there are clients. */
async function severally(times: number, once: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const client = async () => {
    while (next < times) await once(next++)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}
