import { conformance } from './conformance.fixture.ts'

conformance('kafka-streams')
