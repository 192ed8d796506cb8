import { asCarrier } from '@order-up/control/operations'
import { createKafka, KafkaConfig, parseConfig, silentLog } from '@order-up/kit'

/** A process that carries a swap until it is killed. Its one argument: the config of Kafka as JSON. */
const config = parseConfig(KafkaConfig, JSON.parse(process.argv[2]!) as Record<string, string>)
const signal = new AbortController().signal
await asCarrier(
  createKafka(config, 'e2e', silentLog()),
  { what: 'swap --to flink', signal, say: () => {} },
  () => {
    console.log('carries')
    return new Promise(() => setInterval(() => {}, 1_000))
  },
)
