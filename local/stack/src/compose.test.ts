import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { KafkaConfig, WorkerConfig, parseConfig } from '@order-up/kit'
import { parse } from 'yaml'
import { z } from 'zod'
import { exists } from './cache.ts'

const Service = z.object({
  image: z.string(),
  ports: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
})
type Service = z.infer<typeof Service>

const ROOT = join(import.meta.dirname, '../../..')

// What this does not prove: that the images exist, start and find each other. That takes a Docker engine.
describe('local/docker-compose.yml', () => {
  let compose: z.infer<typeof Compose>
  before(async () => {
    const text = await readFile(join(ROOT, 'local/docker-compose.yml'), 'utf8')
    compose = Compose.parse(parse(text, { merge: true }))
  })
  const service = (name: string): Service => {
    const found = compose.services[name]
    assert.ok(found, name)
    return found
  }

  it('publishes the promised ports, to this machine only', () => {
    const published = Object.values(compose.services).flatMap(({ ports }) => ports)
    assert.ok(published.every((port) => port.startsWith('127.0.0.1:')))
    assert.deepEqual(service('kafka').ports, ['127.0.0.1:9092:9092'])
    assert.deepEqual(service('registry').ports, ['127.0.0.1:8081:8080'])
    assert.deepEqual(service('kafka-ui').ports, ['127.0.0.1:8080:8080'])
  })

  it('runs entry points that exist, with an environment that they accept', async () => {
    const workers = Object.values(compose.services).filter(({ command }) => command.length > 0)
    assert.equal(workers.length, 4)
    for (const { command, environment } of workers) {
      const [entry = ''] = command
      assert.ok(await exists(join(ROOT, entry)), entry)
      const env = z.record(z.string(), z.string()).parse(environment)
      const config = parseConfig(KafkaConfig.extend(WorkerConfig.shape), env)
      assert.deepEqual(config.KAFKA_BROKERS, ['kafka:19092'])
      assert.match(config.SCHEMA_REGISTRY_URL, /^http:\/\/registry:8080\/apis\/ccompat\/v7$/)
    }
  })

  it('gives the sink a warehouse on its volume', () => {
    const { environment, volumes } = service('sink')
    const folder = volumes[0]?.split(':')[1]
    assert.equal(environment['WAREHOUSE'], `duckdb:${folder}/warehouse.duckdb`)
  })

  it('starts no worker before topics and subjects are there', () => {
    for (const name of ['engine-node', 'sink', 'producer'])
      assert.deepEqual(service(name).depends_on, {
        deploy: { condition: 'service_completed_successfully' },
      })
    assert.equal(service('deploy').depends_on['kafka']?.condition, 'service_healthy')
  })

  it('pins its images, and keeps what must last in a volume of its own', () => {
    for (const [name, { image, volumes }] of Object.entries(compose.services)) {
      if (image !== 'order-up-worker') assert.match(image, /:v?\d+\.\d+\.\d+$/, name)
      for (const volume of volumes) assert.ok((volume.split(':')[0] ?? '') in compose.volumes)
    }
    for (const name of ['kafka', 'registry', 'engine-node', 'sink'])
      assert.equal(service(name).volumes.length, 1, name)
  })
})
