import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { TerminalError } from '@order-up/kit'

/** Named files somewhere that outlives the worker. */
export interface BlobStore {
  /** names in a folder, without it; empty where there is none */
  list(folder: string): Promise<string[]>
  /** a reader sees the whole blob or none */
  put(name: string, file: string): Promise<void>
  get(name: string, file: string): Promise<void>
  remove(name: string): Promise<void>
}

/**
 * @param url `file:///path`, a plain path, or `s3://bucket/prefix` (credentials, region and endpoint as the AWS SDK
 * finds them)
 * @throws TerminalError `CONFIG` on anything else
 */
export async function openBlobStore(url: string): Promise<BlobStore> {
  if (url.startsWith('s3://')) return s3Store(new URL(url))
  if (url.startsWith('file://')) return folderStore(fileURLToPath(url))
  if (!/^[a-z0-9]+:\/\//i.test(url)) return folderStore(url)
  throw new TerminalError('CONFIG', `SNAPSHOT_URL=${url}: a folder or s3://bucket/prefix`)
}

function folderStore(root: string): BlobStore {
  return {
    async list(folder) {
      const names = await readdir(join(root, folder)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []
        throw error
      })
      return names.filter((name) => !name.startsWith('.'))
    },
    async put(name, file) {
      const target = join(root, name)
      const partial = join(dirname(target), `.${basename(target)}.${process.pid}`)
      await mkdir(dirname(target), { recursive: true })
      await copyFile(file, partial)
      await rename(partial, target)
    },
    get: (name, file) => copyFile(join(root, name), file),
    remove: (name) => rm(join(root, name), { force: true }),
  }
}

async function s3Store({ hostname: Bucket, pathname }: URL): Promise<BlobStore> {
  const {
    S3Client,
    DeleteObjectCommand,
    GetObjectCommand,
    PutObjectCommand,
    paginateListObjectsV2,
  } = await import('@aws-sdk/client-s3')
  const client = new S3Client({})
  const prefix = pathname.replace(/^\/|\/$/g, '')
  const keyOf = (name: string) => (prefix ? `${prefix}/${name}` : name)
  return {
    async list(folder) {
      const names: string[] = []
      const Prefix = `${keyOf(folder)}/`
      for await (const page of paginateListObjectsV2(
        { client },
        { Bucket, Prefix, Delimiter: '/' },
      ))
        for (const { Key } of page.Contents ?? []) if (Key) names.push(Key.slice(Prefix.length))
      return names
    },
    async put(name, file) {
      const { size } = await stat(file)
      const Body = createReadStream(file)
      await client.send(
        new PutObjectCommand({ Bucket, Key: keyOf(name), Body, ContentLength: size }),
      )
    },
    async get(name, file) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(name) }))
      await pipeline(Body as Readable, createWriteStream(file))
    },
    async remove(name) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(name) }))
    },
  }
}
