import { z } from 'zod'

const text = z.string().min(1).max(255)

/** The JSON schema at the end of the specification, and what its prose asks of the members that are referred to. */
export const EmfDocument = z
  .looseObject({
    _aws: z.strictObject({
      Timestamp: z.int().positive(),
      CloudWatchMetrics: z.array(
        z.strictObject({
          Namespace: text,
          Dimensions: z.array(z.array(text).max(30)).min(1),
          Metrics: z
            .array(
              z.strictObject({ Name: text, Unit: z.enum(['Seconds', 'Count', 'None']).optional() }),
            )
            .max(100),
        }),
      ),
    }),
  })
  .superRefine((document, context) => {
    const demand = (name: string, schema: z.ZodType) => {
      const { success } = schema.safeParse(document[name])
      if (!success)
        context.addIssue({ code: 'custom', path: [name], message: 'not a valid target' })
    }
    for (const { Dimensions, Metrics } of document._aws.CloudWatchMetrics) {
      for (const name of Dimensions.flat()) demand(name, z.string().min(1).max(1_024))
      for (const { Name } of Metrics)
        demand(Name, z.union([z.number(), z.array(z.number()).min(1).max(100)]))
    }
  })
