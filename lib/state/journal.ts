import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { diskTrouble } from '../errno.ts'
import { Fail } from '../stage.ts'
import type { Records } from './document.ts'
import { eachLine } from './lines.ts'

/** The document that a journal belongs to; `size` 0: there was none yet. */
export type Identity = { id: string; size: number; mtime: string; crc: string }

/** One change: a whole put, or a delete where `record` is undefined. `count` is the collection's size after it. */
export type Change = { name: string; count: number; id: string; record?: unknown }

const GROUP_MS = 200
// A stage that never waits would queue without end: from here on put() writes by itself.
const QUEUE_BYTES = 8 << 20

const write = promisify(fs.write)
const fdatasync = promisify(fs.fdatasync)

export function cannotWrite(file: string, error: unknown): Fail {
  if (error instanceof Fail) return error
  const [found, remedy] = diskTrouble(error) ?? [
    (error as Error).message,
    'mend that and run again',
  ]
  return new Fail(`Cannot write the state: ${found} (${file}): ${remedy}, it goes on from here`, {
    cause: error,
  })
}

/** `["photos",12,"id",{...}]`, or without the record for a delete. */
export function changeLine({ name, count, id, record }: Change): string {
  const json = record === undefined ? '' : `,${JSON.stringify(record)}`
  return `[${JSON.stringify(name)},${count},${JSON.stringify(id)}${json}]\n`
}

/**
 * The document that a journal belongs to; undefined where not even its first line is whole, so that it holds nothing.
 * Throws Fail for a first line that is something else.
 */
export async function readIdentity(
  path: string,
  handle: FileHandle,
): Promise<Identity | undefined> {
  let found: Identity | undefined
  await eachLine(handle, 0, (await handle.stat()).size, (chunk, from, to) => {
    try {
      found = JSON.parse(chunk.toString('utf8', from, to)).journal
    } catch {}
    if (typeof found?.id !== 'string') {
      const broken = `line 1 of ${path} is broken`
      throw new Fail(
        `Cannot read the state: ${broken}: mend it, or delete the file and its changes`,
      )
    }
    return false
  })
  return found
}

/**
 * Makes the changes to those of `collections` that it is given, and gives the last known size of every collection that
 * the journal touches, and where its last good line ends. A torn end is passed over: it was never promised. A broken line
 * with good ones behind it is no torn end, and throws Fail.
 */
export async function readJournal(
  path: string,
  handle: FileHandle,
  collections: Record<string, Records> = {},
): Promise<{ counts: Map<string, number>; end: number }> {
  const counts = new Map<string, number>()
  let line = 0
  let broken = 0
  let end = 0
  await eachLine(handle, 0, (await handle.stat()).size, (chunk, from, to, at) => {
    if (!broken) end = at + to - from + 1
    if (++line === 1) return
    // The start tells the counts; the rest is parsed where it is needed.
    const start = chunk.toString('latin1', from, Math.min(to, from + 100))
    const [, name = '', count = ''] = /^\["(\w+)",(\d+),"/.exec(start) ?? []
    const records = Object.hasOwn(collections, name) ? collections[name] : undefined
    let change: [string, number, string, unknown?] | undefined
    try {
      if (records || broken) change = JSON.parse(chunk.toString('utf8', from, to))
      if (!name || chunk[to - 1] !== 93) throw new SyntaxError('not a change')
    } catch {
      if (!broken) end = at
      broken ||= line
      return
    }
    if (broken) {
      const found = `line ${broken} of ${path} is broken`
      throw new Fail(`Cannot read the state: ${found}: mend or delete that line and run it again`)
    }
    counts.set(name, Number(count))
    if (!records || !change) return
    const [, , id, record] = change
    if (record === undefined) delete records[id]
    else records[id] = record
  })
  return { counts, end }
}

/**
 * A new journal for the document `of`, in the place of what is at `path` once settle() is called. Changes reach the
 * disk in groups, at most 200 ms after they were appended; a failed write is thrown by whatever is called next.
 * `tail` are lines that it begins with. Without any, its file is made by the first change. `goOn` takes the journal that is
 * there, of the same document, and goes on behind that byte of it.
 */
export function openJournal(
  path: string,
  of: Identity,
  { tail = Buffer.alloc(0), goOn = 0 }: { tail?: Buffer; goOn?: number } = {},
) {
  const header = `${JSON.stringify({ journal: of })}\n`
  let fd = -1
  /** Bytes that are on disk for certain. */
  let size = 0
  let length = Buffer.byteLength(header)
  let sending: string[] = []
  let queue: string[] = []
  let flight: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let failure: Fail | undefined
  /** The failure was thrown to the stage. */
  let isTold = false
  /** Goes up when flushSync overtakes a group that is on its way. */
  let overtaken = 0

  if (tail.length > 0) {
    fs.rmSync(`${path}.tmp`, { force: true })
    fd = fs.openSync(`${path}.tmp`, 'wx+', 0o600)
    length = writeAt(fd, Buffer.concat([Buffer.from(header), tail]), 0)
    fs.fsyncSync(fd)
    size = length
  }
  if (goOn > 0) {
    fd = fs.openSync(path, 'r+')
    fs.ftruncateSync(fd, goOn)
    size = goOn
    length = goOn
  }

  function append(text: string) {
    check()
    if (fd < 0) {
      try {
        fd = fs.openSync(path, 'wx+', 0o600)
      } catch (error) {
        throw cannotWrite(path, error)
      }
      queue.push(header)
    }
    queue.push(text)
    length += Buffer.byteLength(text)
    if (length - size > QUEUE_BYTES) {
      flushSync()
      check()
    }
    timer ??= setTimeout(() => send(), GROUP_MS).unref()
  }

  async function writeGroup() {
    const began = overtaken
    const at = size
    sending = queue
    queue = []
    const bytes = Buffer.from(sending.join(''))
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await write(fd, bytes, done, bytes.length - done, at + done)).bytesWritten
      }
      await fdatasync(fd)
    } catch (error) {
      if (overtaken === began) failure ??= cannotWrite(path, error)
    }
    if (overtaken !== began || failure) return
    size += bytes.length
    sending = []
  }

  async function send() {
    clearTimeout(timer)
    timer = undefined
    while (flight || (queue.length > 0 && !failure)) {
      flight ??= writeGroup().finally(() => {
        flight = undefined
      })
      await flight
    }
  }

  /** Resolves when all that was appended is on disk. */
  async function flush() {
    await send()
    check()
  }

  function check() {
    if (!failure) return
    isTold = true
    throw failure
  }

  /** The same at once, also for what is on its way: the same bytes at the same place. Throws a failure once only. */
  function flushSync() {
    clearTimeout(timer)
    timer = undefined
    if (sending.length === 0 && queue.length === 0) return
    const bytes = Buffer.from([...sending, ...queue].join(''))
    try {
      writeAt(fd, bytes, size)
      fs.fdatasyncSync(fd)
    } catch (error) {
      failure ??= cannotWrite(path, error)
      if (isTold) return
      check()
    }
    overtaken++
    size += bytes.length
    sending = []
    queue = []
  }

  return {
    append,
    flush,
    flushSync,
    length: () => length,
    isIdle: () => !flight,
    /** Takes the place of the journal before. */
    settle() {
      if (tail.length > 0) fs.renameSync(`${path}.tmp`, path)
      else fs.rmSync(path, { force: true })
    },
    /** The lines from the byte `mark` on, all on disk. */
    since(mark: number) {
      if (fd < 0) return Buffer.alloc(0)
      flushSync()
      const bytes = Buffer.alloc(size - mark)
      let done = 0
      while (done < bytes.length) {
        const read = fs.readSync(fd, bytes, done, bytes.length - done, mark + done)
        if (read === 0) throw new Error(`${path} was cut short by something else`)
        done += read
      }
      return bytes
    },
    close() {
      clearTimeout(timer)
      if (fd >= 0) fs.closeSync(fd)
    },
  }
}

function writeAt(fd: number, bytes: Buffer, at: number) {
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(fd, bytes, done, bytes.length - done, at + done)
  }
  return bytes.length
}
