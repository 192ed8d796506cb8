import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { hashOf, readFolder } from './files.ts'
import { KAFKA_STREAMS_FOLDER } from './jvm.ts'
import { RECIPES } from './recipes.ts'
import { ToolError, type Command, type Tools } from './tools.ts'

/** What an image is built of, as `npm run build` packed it. */
export interface Context {
  image: string
  folder: string
  /** hash of its files: the same context is the same tag */
  tag: string
}

/** A repository of ECR. */
export interface Repository {
  /** <account>.dkr.ecr.<region>.amazonaws.com/<name> */
  url: string
  host: string
  region: string
  name: string
}

/**
 * Those of the bundles, and that of Kafka Streams where Maven made it.
 * @throws Error naming `npm run build` where one is missing
 */
export function contextsOf(dist: string): Context[] {
  const bundled = RECIPES.filter(({ kind }) => kind === 'image').map(({ folder }) => folder)
  const isThere = (folder: string) => existsSync(join(dist, folder, 'Dockerfile'))
  return [...bundled, ...[KAFKA_STREAMS_FOLDER].filter(isThere)].map((name) => {
    const folder = join(dist, name)
    if (!isThere(name)) throw new Error(`There is no ${folder}/Dockerfile.\n  Next: npm run build`)
    return { image: name.slice('images/'.length), folder, tag: hashOf(readFolder(folder)) }
  })
}

/** @throws Error where the bootstrap stage has put out none, or one that is not of ECR */
export function repositoryAt(image: string, url = ''): Repository {
  const [, host, region, name] =
    /^([^/]+\.dkr\.ecr\.([^.]+)\.amazonaws\.com(?:\.cn)?)\/(.+)$/.exec(url) ?? []
  if (host && region && name) return { url, host, region, name }
  throw new Error(
    `The bootstrap stage's output repositories.${image} is ${url || 'missing'}: it must be a repository of ECR, as <account>.dkr.ecr.<region>.amazonaws.com/<name>`,
  )
}

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const Described = z.object({ imageDetails: z.array(z.object({ imageDigest: Digest })).length(1) })
const Metadata = z.object({ 'containerimage.digest': Digest })

const ecr = (action: string, { region }: Repository, ...args: string[]): Command => [
  'aws',
  'ecr',
  action,
  '--region',
  region,
  ...args,
]

/** The digest of an image that was pushed before; undefined where it was not. */
export async function digestThere(
  to: Repository,
  tag: string,
  { read }: Tools,
): Promise<string | undefined> {
  const which = ['--repository-name', to.name, '--image-ids', `imageTag=${tag}`, '--output', 'json']
  try {
    const described = Described.parse(JSON.parse(await read(ecr('describe-images', to, ...which))))
    return described.imageDetails[0]?.imageDigest
  } catch (error) {
    if (error instanceof ToolError && /ImageNotFoundException/.test(error.stderr)) return undefined
    throw error
  }
}

/** Logs docker in to the repository's registry, for twelve hours. */
export async function logIn(to: Repository, { change }: Tools): Promise<void> {
  const input = await change(ecr('get-login-password', to))
  await change(['docker', 'login', '--username', 'AWS', '--password-stdin', to.host], { input })
}

/** Without provenance the digest is that of the image itself, not of an index of it and its attestation. */
const BUILD = ['buildx', 'build', '--platform', 'linux/arm64', '--provenance=false', '--push']

/** @returns the digest; in a dry run, what stands for it */
export async function push(
  to: Repository,
  { folder, tag }: Context,
  { change }: Tools,
): Promise<string> {
  const temp = mkdtempSync(join(tmpdir(), 'order-up-release-'))
  const metadata = join(temp, 'metadata.json')
  const args = ['--tag', `${to.url}:${tag}`, '--metadata-file', metadata, folder]
  try {
    await change(['docker', ...BUILD, ...args], { follow: true })
    if (!existsSync(metadata)) return '<its digest>'
    return Metadata.parse(JSON.parse(readFileSync(metadata, 'utf8')))['containerimage.digest']
  } finally {
    rmSync(temp, { recursive: true })
  }
}
