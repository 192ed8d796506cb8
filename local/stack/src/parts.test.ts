import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { TerminalError } from '@order-up/kit'
import { cached } from './cache.ts'
import { provideParts } from './parts.ts'
import { findJdk, findMaven } from './prerequisites.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-up-parts-'))
})
afterEach(() => rm(folder, { recursive: true }))

const signal = new AbortController().signal
const onProgress = () => {}

async function script(path: string, text: string) {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
}

async function jdk(home: string, version: string) {
  await script(join(home, 'bin/javac'), 'exit 0')
  await script(join(home, 'bin/java'), 'exit 0')
  await writeFile(join(home, 'release'), `JAVA_VERSION="${version}"\n`)
}

describe('prerequisites', () => {
  it('takes the JDK of JAVA_HOME, else that on the PATH, if it is new enough', async () => {
    const [old, one, other] = ['old', 'one', 'other'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await jdk(old, '17.0.9')
    await jdk(one, '21.0.2')
    await jdk(other, '99.0.1')
    const find = (JAVA_HOME: string, PATH: string) => findJdk({ JAVA_HOME, PATH })
    assert.deepEqual(await find(one, join(other, 'bin')), { home: one, version: '21.0.2' })
    assert.deepEqual(await find(old, join(other, 'bin')), { home: other, version: '99.0.1' })
  })

  it('takes none that is newer than what it is for runs on, and says what would do', async () => {
    const [old, fits, late] = ['old', 'fits', 'late'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await jdk(old, '11.0.2')
    await jdk(fits, '17.0.9')
    await jdk(late, '99.0.1')
    const need = { who: 'The engine flink needs', min: 17, max: 98 }
    const find = (JAVA_HOME: string, PATH: string) => findJdk({ JAVA_HOME, PATH }, need)
    assert.deepEqual(await find(late, join(fits, 'bin')), { home: fits, version: '17.0.9' })

    const never = { ...need, min: 97 }
    await assert.rejects(findJdk({ JAVA_HOME: old, PATH: '', HOME: folder }, never), (error) => {
      assert.ok(error instanceof TerminalError)
      assert.equal(error.code, 'JDK_MISSING')
      assert.match(
        error.message,
        /^The engine flink needs a JDK from 97 to 98; found .*11\.0\.2 in /,
      )
      assert.match(error.remedy ?? '', /openjdk-98-jdk-headless; macOS: brew install openjdk@98/)
      return true
    })
  })

  it('names what is missing and how to install it', async () => {
    await assert.rejects(findMaven({ PATH: folder }), (error: unknown) => {
      assert.ok(error instanceof TerminalError)
      assert.equal(error.code, 'MAVEN_MISSING')
      assert.match(error.remedy ?? '', /apt-get install maven/)
      return true
    })
  })
})

describe('the cache', () => {
  const cache = () => ({ root: join(folder, 'cache'), onProgress, signal })

  it('is filled once, however many ask', async () => {
    let fills = 0
    const fill = async (target: string) => {
      fills++
      await writeFile(join(target, 'file'), '')
    }
    await Promise.all([1, 2, 3].map(() => cached('part-1', cache(), fill)))
    assert.equal(fills, 1)
    assert.deepEqual(await readdir(await cached('part-1', cache(), fill)), ['file'])
  })

  it('keeps nothing of a failed fill, nor of one that was killed', async () => {
    await mkdir(join(folder, 'cache/.filling-abc'), { recursive: true })
    const fail = async (target: string) => {
      await writeFile(join(target, 'half'), '')
      throw new Error('no network')
    }
    await assert.rejects(cached('part-1', cache(), fail), /no network/)
    assert.deepEqual(await readdir(join(folder, 'cache')), ['lock'])
  })
})

describe('a download that fails', () => {
  it("says so in Maven's words, and what to do", async () => {
    await jdk(join(folder, 'jdk'), '21.0.2')
    await script(join(folder, 'bin/mvn'), 'echo "[ERROR] Unknown host repo.example"; exit 1')
    const progress: string[] = []
    const attempt = provideParts({
      env: { PATH: join(folder, 'bin'), JAVA_HOME: join(folder, 'jdk'), HOME: folder },
      onProgress: (line) => progress.push(line),
      signal,
    })
    await assert.rejects(attempt, (error: unknown) => {
      assert.ok(error instanceof TerminalError)
      assert.equal(error.code, 'DOWNLOAD_FAILED')
      assert.match(error.message, /Kafka broker .*\n.*Unknown host repo\.example/)
      assert.match(error.remedy ?? '', /check the network/)
      return true
    })
    assert.match(progress[0] ?? '', /^Downloading the Kafka broker/)
  })
})
