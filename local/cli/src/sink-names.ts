/** The sink's consumer group. */
export const SINK_GROUP = 'order-up.sink'
