import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@order-up/kit'
import type { DeploymentId } from '../deployments.ts'
import { Verdict } from '../verdict.ts'

/** The comparer's newest answer on two deployments is the file `<a>_<b>.json`, the ids sorted. */
export const verdictName = (ids: readonly DeploymentId[]) => `${ids.toSorted().join('_')}.json`

/**
 * @param url a folder, or s3://bucket/prefix (credentials and region as the AWS SDK finds them)
 * @returns undefined = there is none
 * @throws TerminalError `VERDICT` where the file is none
 */
export async function readVerdict(
  url: string,
  ids: readonly DeploymentId[],
): Promise<Verdict | undefined> {
  const name = verdictName(ids)
  const text = url.startsWith('s3://')
    ? await readObject(new URL(url), name)
    : await readFile(join(url, name), 'utf8').catch(absent('ENOENT'))
  if (text === undefined) return undefined
  try {
    return Verdict.parse(JSON.parse(text))
  } catch (cause) {
    throw new TerminalError('VERDICT', `${url}/${name} is not a verdict`, {
      cause,
      remedy: 'delete it, and have the comparer write it again',
    })
  }
}

async function readObject({ hostname: Bucket, pathname }: URL, name: string) {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({})
  const prefix = pathname.replace(/^\/|\/$/g, '')
  const Key = prefix === '' ? name : `${prefix}/${name}`
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
    return await Body?.transformToString()
  } catch (error) {
    return absent('NoSuchKey')(error)
  } finally {
    client.destroy()
  }
}

const absent = (code: string) => (error: unknown) => {
  const { name, code: own } = error as { name?: unknown; code?: unknown }
  if (name === code || own === code) return undefined
  throw error
}
