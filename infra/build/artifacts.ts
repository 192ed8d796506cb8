import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { RunError } from '@pulumi/pulumi'
import type { ImageName, Settings } from '../config.ts'

/**
 * What infra deploys, as it finds it: built before, taken by content or refused with the command that builds it. Nothing
 * here builds.
 */

const ROOT = resolve(import.meta.dirname, '../..')

const BUILD = 'npm run build'

export type LambdaName = 'producer' | 'sink' | 'control'

/** Where `npm run build` leaves its work: ORDER_UP_DIST, or dist/ beside package.json. */
export const distFolder = (): string => resolve(process.env['ORDER_UP_DIST'] || join(ROOT, 'dist'))

/**
 * A Lambda's folder: index.mjs with `handler`, and what it loads at run time.
 * @returns its absolute path
 * @throws RunError naming `npm run build` where it is missing
 */
export function lambdaBundle(name: LambdaName): string {
  const folder = join(distFolder(), name)
  const entry = join(folder, 'index.mjs')
  if (existsSync(entry)) return folder
  throw missing(`The ${name} Lambda's bundle`, entry, BUILD)
}

/** in flink/ below dist/ */
export const FLINK_JAR = 'order-up-flink.jar'
/** `npm run build` leaves out what takes them where they are missing. */
const WITH_MAVEN = 'with Maven and a JDK 17 or later on the PATH'

export interface Jar {
  /** absolute */
  path: string
  /** of its bytes, in hex: part of its key in S3, so that a new jar is a new object */
  sha256: string
}

/**
 * The Flink engine's jar.
 * @throws RunError naming `npm run build` where it is missing
 */
export function flinkJar(): Jar {
  const path = join(distFolder(), 'flink', FLINK_JAR)
  if (!existsSync(path)) throw missing("The Flink engine's jar", path, `${BUILD}, ${WITH_MAVEN}`)
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') }
}

/**
 * An image by digest, as `npm run release -- <stack>` wrote it into the stack's config.
 * @throws RunError naming the commands that build and release it, where the stack has none
 */
export function imageOf(settings: Pick<Settings, 'stack' | 'images'>, name: ImageName): string {
  const { stack, images } = settings
  const image = images[name]
  if (image !== undefined) return image
  throw new RunError(
    `order-up:images.${name} is not set in Pulumi.${stack}.yaml, and the stack runs that image.\n` +
      `  Next: ${BUILD} && npm run release -- ${stack}${name === 'engine-kafka-streams' ? `, ${WITH_MAVEN}` : ''}`,
  )
}

const missing = (what: string, path: string, command: string) =>
  new RunError(`${what} is missing: there is no ${path}.\n  Next: ${command}`)
