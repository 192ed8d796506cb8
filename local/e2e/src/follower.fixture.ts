import { createKafka, createLog, followTopic, KafkaConfig, parseConfig } from '@order-up/kit'

/** Follows a topic until it is told to stop, and must then end by itself: nothing of its reader is left. */
const [topic = ''] = process.argv.slice(2)
const kafka = createKafka(
  parseConfig(KafkaConfig, process.env),
  'follower',
  createLog('follower', 'debug'),
)
const reader = await followTopic(kafka, topic, () => {})
process.once('message', () => {
  process.disconnect()
  void reader.stop()
})
process.send?.('following')
