import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Adapter } from 'lowdb'
import { Fail } from '../stage.ts'
import { type Document, noRecords, type Records, readDocument } from './document.ts'
import { type Content, crcOf, writeDocument } from './fold.ts'
import { cannotWrite, changeLine, type Identity, openJournal, readJournal } from './journal.ts'
import { isSame, openBoth, openOrNone, type Stamp, stampAt, stampOf, twoWays } from './opened.ts'

export type Collections = Record<string, Records>

const JOURNAL_BYTES = 8 << 20

/**
 * The state file as lowdb sees it: read() = document + journal, write() = a new document, in which the journal ends.
 * `names` are the collections to have in memory. `writes` makes it the one writer (hold the lock); a reader needs no
 * lock, also beside a writer. `goOn`: a journal that was left, and touches nothing else, is gone on with, where otherwise a
 * writer begins with a fold. Throws Fail for what a person can mend.
 */
export function database(
  file: string,
  names: string[],
  { writes, goOn = false }: { writes: boolean; goOn?: boolean },
) {
  const journalPath = `${file}.journal`
  const counts = new Map<string, number>()
  const data: Collections = Object.create(null)
  let document: Document | undefined
  let stamp = stampOf()
  /** Of the document that the journal belongs to. */
  let id = randomBytes(8).toString('hex')
  let journal: ReturnType<typeof openJournal> | undefined
  /** Collections that differ from the document. */
  let dirty = new Set<string>()
  let folding: Promise<void> | undefined
  let failure: Fail | undefined
  /** Something changed that only the next document will hold, so that what follows must not stand in the journal without it. */
  let isAhead = false

  async function read(): Promise<Collections> {
    const opened = await openBoth(file, journalPath)
    try {
      const touched = new Set(names)
      if (opened.journal && writes) {
        const { counts } = await readJournal(journalPath, opened.journal)
        for (const name of counts.keys()) touched.add(name)
      }
      const isOwn = goOn && touched.size === new Set(names).size
      stamp = opened.stamp
      id = opened.of?.id ?? id
      if (opened.document) {
        document = await readDocument(file, opened.document, (name) => touched.has(name))
        id = document.saved?.id ?? id
      }
      for (const name of touched) data[name] = noRecords()
      for (const [name, records] of document?.loaded ?? []) data[name] = records
      for (const [name, count] of document?.counts ?? []) counts.set(name, count)
      if (opened.journal) {
        const left = await readJournal(journalPath, opened.journal, data)
        for (const [name, count] of left.counts) counts.set(name, count)
        dirty = new Set(left.counts.keys())
        // Not one that is in the document already, nor of a copy, whose time is another.
        const isIts = opened.of?.id === document?.saved?.id && opened.of?.mtime === stamp.mtime
        if (writes && isOwn && isIts && document?.ours)
          journal = openJournal(journalPath, opened.of as Identity, { goOn: left.end })
      }
    } finally {
      await opened.document?.close()
      await opened.journal?.close()
    }
    if (writes && !journal) {
      // A writer begins without a journal, and with a document that is laid out as ours.
      const foreign = document && !document.ours
      if (foreign) dirty = dirty.union(new Set(document?.loaded.keys()))
      if (foreign || dirty.size > 0) await fold()
      fs.rmSync(journalPath, { force: true })
      journal ??= openJournal(journalPath, identity(document, stamp))
    }
    for (const name of Object.keys(data)) if (!names.includes(name)) delete data[name]
    document?.loaded.clear()
    return data
  }

  function identity(of: Document | undefined, { size, mtime }: Stamp): Identity {
    return { id: of?.saved?.id ?? id, size, mtime, crc: of?.saved?.crc ?? '' }
  }

  /** One record into memory and journal, or out of it where `record` is undefined. */
  function change(name: string, key: string, record: unknown) {
    if (failure) throw failure
    const records = data[name]
    if (!records) throw new Error(`the collection "${name}" was not opened`)
    const is = key in records
    if (record === undefined && !is) return
    const count = (counts.get(name) ?? 0) + (record === undefined ? -1 : is ? 0 : 1)
    if (!isAhead) journal?.append(changeLine({ name, count, id: key, record }))
    counts.set(name, count)
    dirty.add(name)
    if (record === undefined) delete records[key]
    else records[key] = record
    if (journal && !folding && journal.length() > Math.max(JOURNAL_BYTES, stamp.size / 2)) {
      write().catch((error) => {
        failure ??= error
      })
    }
  }

  /**
   * Makes a collection hold these records and no others; gives how many changed. They skip the journal, which a whole
   * collection would only be written to twice: they reach the disk by write().
   */
  function replace(name: string, now: Records): number {
    if (failure) throw failure
    const records = data[name]
    if (!records) throw new Error(`the collection "${name}" was not opened`)
    let changed = 0
    let count = counts.get(name) ?? 0
    const keys = Object.keys(now)
    for (const key of keys) {
      const before = records[key]
      if (before === undefined) count++
      else if (JSON.stringify(before) === JSON.stringify(now[key])) continue
      records[key] = now[key]
      changed++
    }
    // Listing the keys of a million records takes a second, so only where some are to go.
    for (const key of count > keys.length ? Object.keys(records) : []) {
      if (Object.hasOwn(now, key)) continue
      delete records[key]
      changed++
    }
    if (changed === 0) return 0
    counts.set(name, keys.length)
    dirty.add(name)
    isAhead = true
    return changed
  }

  /** Makes the document anew, where anything changed; changes that come meanwhile stay in the journal. */
  async function write() {
    while (folding !== undefined) await folding
    if (failure) throw failure
    if (dirty.size === 0) return
    folding = fold().finally(() => {
      folding = undefined
    })
    await folding
  }

  async function fold() {
    const turn = dirty
    dirty = new Set()
    const mark = journal?.length() ?? 0
    const temp = `${file}.tmp`
    const from = await openOrNone(file)
    try {
      const now = stampOf(await from?.stat({ bigint: true }))
      // Only touched, or put back from a copy: the bytes tell.
      if (from && now.size === stamp.size && !isSame(now, stamp)) {
        if ((await crcOf(from)) === document?.saved?.crc) stamp = now
      }
      checkUnchanged()
      const sections = new Map(document?.sections.map((section) => [section.name, section]))
      const contents = [...new Set([...sections.keys(), ...turn])].map((name): Content => {
        const copy = sections.get(name)
        return copy && !turn.has(name) ? { name, copy } : { name, records: data[name] ?? {} }
      })
      await writeDocument(temp, contents, { after: id, from })
      await from?.close()
      const written = await readLayout(temp)
      const next = stampAt(temp)
      // From here on all is done in one go: a put or an exit in between would find half of it.
      while (journal && !journal.isIdle()) await journal.flush()
      checkUnchanged()
      const nextJournal = openJournal(journalPath, identity(written, next), {
        tail: journal?.since(mark),
      })
      if (document) keep(file)
      fs.renameSync(temp, file)
      syncFolder(file)
      nextJournal.settle()
      syncFolder(file)
      journal?.close()
      journal = nextJournal
      document = written
      stamp = next
      id = written.saved?.id ?? id
      isAhead &&= dirty.size > 0
    } catch (error) {
      for (const name of turn) dirty.add(name)
      fs.rmSync(temp, { force: true })
      throw cannotWrite(file, error)
    } finally {
      await from?.close()
    }
  }

  function checkUnchanged() {
    if (isSame(stampAt(file), stamp)) return
    if (isAhead) {
      const found = 'something else changed it while this ran'
      throw new Fail(`Cannot save ${file}: ${found}: run it again`)
    }
    const found = `something else changed it while this ran, whose changes are in ${journalPath}`
    throw new Fail(`Cannot save ${file}: ${found}: ${twoWays(journalPath)}`)
  }

  return {
    read,
    write,
    counts,
    change,
    replace,
    flush: async () => {
      if (failure) throw failure
      if (isAhead && journal) await write()
      await journal?.flush()
    },
    flushSync: () => journal?.flushSync(),
    close: async () => {
      await folding?.catch(() => {})
      try {
        await journal?.flush()
      } finally {
        journal?.close()
        journal = undefined
      }
    },
  } satisfies Adapter<Collections> & Record<string, unknown>
}

/**
 * How many records each collection holds: from the document's head and the journal, without reading a record.
 * Only a document that another tool wrote has to be read.
 */
export async function countRecords(file: string): Promise<Map<string, number>> {
  const { counts, read, close } = database(file, [], { writes: false })
  await read()
  await close()
  return counts
}

async function readLayout(path: string) {
  const handle = await open(path)
  try {
    return await readDocument(path, handle, () => false)
  } finally {
    await handle.close()
  }
}

/** The document as it is stays beside the next one. */
function keep(file: string) {
  const draft = `${file}.bak.tmp`
  fs.rmSync(draft, { force: true })
  try {
    fs.linkSync(file, draft)
  } catch {
    fs.copyFileSync(file, draft)
  }
  fs.renameSync(draft, `${file}.bak`)
}

/** Makes a rename last through a power cut; Windows has no such thing for folders. */
function syncFolder(file: string) {
  if (process.platform === 'win32') return
  const fd = fs.openSync(dirname(file), 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
