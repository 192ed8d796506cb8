import { conformance } from './conformance.fixture.ts'

conformance('flink')
