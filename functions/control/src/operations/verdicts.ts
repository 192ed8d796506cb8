import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@order-up/kit'
import type { z } from 'zod'
import type { DeploymentId } from '../deployments.ts'
import { Verdict } from '../verdict.ts'

/** The comparer's newest answer on two deployments is the file `<a>_<b>.json`, the ids sorted. */
export const verdictName = (ids: readonly DeploymentId[]) => `${ids.toSorted().join('_')}.json`

/**
 * @param url a folder, or s3://bucket/prefix (credentials and region as the AWS SDK finds them)
 * @param shape what is wanted of it; default: what a cutover asks for
 * @returns undefined = there is none
 * @throws TerminalError `VERDICT` where the file is none
 */
export async function readVerdict(
  url: string,
  ids: readonly DeploymentId[],
): Promise<Verdict | undefined>
export async function readVerdict<T extends Verdict>(
  url: string,
  ids: readonly DeploymentId[],
  shape: z.ZodType<T>,
): Promise<T | undefined>
export async function readVerdict(
  url: string,
  ids: readonly DeploymentId[],
  shape: z.ZodType<Verdict> = Verdict,
): Promise<Verdict | undefined> {
  const name = verdictName(ids)
  const text = url.startsWith('s3://')
    ? await readObject(new URL(url), name)
    : await readFile(join(url, name), 'utf8').catch(absent('ENOENT'))
  if (text === undefined) return undefined
  try {
    return shape.parse(JSON.parse(text))
  } catch (cause) {
    throw new TerminalError('VERDICT', `${url}/${name} is not a verdict`, {
      cause,
      remedy: 'delete it, and have the comparer write it again',
    })
  }
}

/** Puts a verdict in the place of the one before, whole: no reader finds half of it. @param url as for reading */
export async function writeVerdict(
  url: string,
  ids: readonly DeploymentId[],
  verdict: Verdict,
): Promise<void> {
  const name = verdictName(ids)
  const text = `${JSON.stringify(verdict, null, 2)}\n`
  if (url.startsWith('s3://')) return writeObject(new URL(url), name, text)
  await mkdir(url, { recursive: true })
  const whole = join(url, name)
  await writeFile(`${whole}.new`, text)
  await rename(`${whole}.new`, whole)
}

async function readObject(url: URL, name: string) {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({})
  try {
    const { Body } = await client.send(new GetObjectCommand(objectAt(url, name)))
    return await Body?.transformToString()
  } catch (error) {
    return absent('NoSuchKey')(error)
  } finally {
    client.destroy()
  }
}

async function writeObject(url: URL, name: string, Body: string) {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({})
  const ContentType = 'application/json'
  const put = new PutObjectCommand({ ...objectAt(url, name), Body, ContentType })
  await client.send(put).finally(() => client.destroy())
}

function objectAt({ hostname: Bucket, pathname }: URL, name: string) {
  const prefix = pathname.replace(/^\/|\/$/g, '')
  return { Bucket, Key: prefix === '' ? name : `${prefix}/${name}` }
}

const absent = (code: string) => (error: unknown) => {
  const { name, code: own } = error as { name?: unknown; code?: unknown }
  if (name === code || own === code) return undefined
  throw error
}
