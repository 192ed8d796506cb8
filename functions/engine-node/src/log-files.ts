import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

export const segmentPath = (dir: string, id: number) =>
  join(dir, `${String(id).padStart(10, '0')}.log`)

/** of the segments in a folder, oldest first */
export async function segmentIds(dir: string): Promise<number[]> {
  const names = (await readdir(dir)).filter((name) => /^\d{10}\.log$/.test(name))
  return names.map((name) => Number.parseInt(name)).toSorted((a, b) => a - b)
}

/** Removes the log in a folder. */
export async function removeLog(dir: string): Promise<void> {
  for (const id of await segmentIds(dir)) await rm(segmentPath(dir, id), { force: true })
}

/** Moves a log from one folder to another, into the place of the one there. Interrupted, it leaves none that is whole. */
export async function moveLog(from: string, to: string): Promise<void> {
  await removeLog(to)
  // The newest first: a log that lacks its oldest segment is none, but one that lacks its newest is an older state.
  for (const id of (await segmentIds(from)).toReversed())
    await rename(segmentPath(from, id), segmentPath(to, id))
}
