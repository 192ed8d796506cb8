import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { Outcome, Problem, RejectedEvent } from './answers.ts'
import { NAMED_SCHEMAS } from './event-json.ts'
import { MAX_BODY_BYTES, MAX_EVENTS } from './handler.ts'
import { sortEvents } from './ingest.ts'

/** As far as this test reads it. */
const Document = z.object({
  openapi: z.string().startsWith('3.1'),
  paths: z.object({
    '/events': z.object({
      post: z.object({
        description: z.string(),
        requestBody: z.object({
          content: z.object({
            'application/json': z.object({
              schema: z.object({ oneOf: z.tuple([z.unknown(), z.object({ maxItems: z.int() })]) }),
              examples: z.record(z.string(), z.object({ value: z.unknown() })),
            }),
          }),
        }),
      }),
    }),
  }),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})
const text = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')
const document = Document.parse(parse(text))
const { post } = document.paths['/events']
const json = post.requestBody.content['application/json']

test('the documented types are those that the handler checks', () => {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries({ ...NAMED_SCHEMAS, Outcome, RejectedEvent, Problem }))
    registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  })
  const checked = Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  )
  assert.deepEqual(document.components.schemas, checked)
})

test('the documented limits are those of the handler', () => {
  assert.equal(json.schema.oneOf[1].maxItems, MAX_EVENTS)
  assert.ok(post.description.includes(`${MAX_BODY_BYTES.toLocaleString('en')} bytes`))
})

test('the examples are accepted', () => {
  const examples = Object.values(json.examples).map(({ value }) => value)
  assert.ok(examples.length > 0)
  assert.deepEqual(sortEvents(examples).rejected, [])
})
