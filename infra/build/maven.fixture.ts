import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the stand-in does; a test may change it from run to run. */
export interface MavenAnswers {
  /** of its JDK; default 17.0.15 */
  java?: string
  /** what it says when it can't build */
  error?: string
}

export interface StandInMaven {
  /** a folder for the PATH, with `mvn` in it and nothing else */
  bin: string
  answer(answers: MavenAnswers): void
  /** each time that it was asked to build, with its arguments */
  builds(): string[]
}

/** A program that is called as Maven, and leaves what Maven leaves: jars that hold their own names. */
export function standInMaven(bin: string): StandInMaven {
  const [answers, log] = [join(bin, 'answers.json'), join(bin, 'log')]
  mkdirSync(bin, { recursive: true })
  writeFileSync(answers, '{}')
  writeFileSync(
    join(bin, 'mvn'),
    `#!${process.execPath}
const { appendFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs')
const { dirname } = require('node:path')
const args = process.argv.slice(2)
const { java = '17.0.15', error } = JSON.parse(readFileSync(${JSON.stringify(answers)}))
if (args.includes('-v')) {
  console.log('Apache Maven 3.8.7\\nMaven home: /m\\nJava version: ' + java + ', vendor: Debian, runtime: /j')
  process.exit()
}
appendFileSync(${JSON.stringify(log)}, args.join(' ') + '\\n')
console.log('[INFO] Building The fold 0.1.0     [1/2]')
if (error) {
  console.log('[INFO] BUILD FAILURE\\n[ERROR] ' + error)
  process.exit(1)
}
const out = args.find((arg) => arg.startsWith('-Dorderup.out=')).split('=')[1]
for (const file of [
  'flink/target/order-up-flink.jar',
  'kafka-streams/target/order-up-kafka-streams.jar',
  'kafka-streams/target/lib/kafka-streams.jar',
]) {
  mkdirSync(dirname(out + file), { recursive: true })
  writeFileSync(out + file, file)
}
`,
    { mode: 0o755 },
  )
  return {
    bin,
    answer: (given) => writeFileSync(answers, JSON.stringify(given)),
    builds: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  }
}
