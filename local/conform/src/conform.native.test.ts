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

conformance('node', { env: { TRANSPORT: 'native' }, skip: missing() })
