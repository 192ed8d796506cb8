import { chooseTransport } from '@order-up/engine-node/transport'
import { conformance } from './conformance.fixture.ts'

/** Why the native transport can't be tried here; undefined = it can. */
function missing(): string | undefined {
  try {
    chooseTransport('native')
    return undefined
  } catch (error) {
    return `${String(error)}; \`npm run native\` makes it`
  }
}

/** What rests on the producer: all else is the same code on both transports, and `order-up conform` tries it. */
const ONLY = [
  'headers',
  'committed-offsets',
  'accounting',
  'restart',
  'kill',
  'zombie',
  'lost-instance',
  'broker-restart',
  'whole-log',
]

conformance('node', { env: { TRANSPORT: 'native' }, skip: missing(), only: ONLY })
