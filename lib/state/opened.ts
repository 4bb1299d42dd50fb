import fs from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { troubleText } from '../errno.ts'
import { Fail } from '../stage.ts'
import { readDocument, readSaved } from './document.ts'
import { crcOf } from './fold.ts'
import { type Identity, readIdentity } from './journal.ts'

/** Tells whether the file at a path is still the one that was opened; size 0: there is no file. */
export type Stamp = { ino: bigint; size: number; mtime: string }

/** Document and journal that belong together, also while a writer puts new ones in their places. */
export async function openBoth(file: string, journalPath: string) {
  for (let tries = 0; ; tries++) {
    const document = await openOrNone(file)
    const journal = await openOrNone(journalPath)
    let isPair = false
    try {
      const stamp = stampOf(await document?.stat({ bigint: true }))
      // A journal whose first line is torn holds nothing yet, as one that is not there.
      const of = journal && (await readIdentity(journalPath, journal))
      isPair = of ? await belongs(of, document, stamp) : isSame(stampAt(file), stamp)
      if (isPair) {
        if (!of) await journal?.close()
        return { document, journal: of && journal, of, stamp }
      }
      if (!isSame(stampAt(file), stamp) && tries < 1000) continue
      // A broken document is the greater trouble.
      if (document) await readDocument(file, document, () => false)
      const what = document ? 'is another file' : 'is gone'
      const found = `${journalPath} holds changes to a ${file} that ${what} now`
      throw new Fail(`Cannot open ${file}: ${found}: ${twoWays(journalPath)}`)
    } finally {
      if (!isPair) {
        await document?.close()
        await journal?.close()
      }
    }
  }
}

/** What to do about a journal that is of another document, as the last part of a message. */
export function twoWays(journalPath: string) {
  const file = journalPath.replace(/\.journal$/, '')
  const kept = `to keep the file as it is now, delete ${journalPath}`
  return `${kept}; to keep those changes, undo the edit (${file}.bak is the one before)`
}

/** A journal is of this document, or of the one before it and then was folded into this. */
async function belongs(of: Identity, document: FileHandle | undefined, stamp: Stamp) {
  if (!document) return of.size === 0
  const saved = await readSaved(document)
  if (!saved) return false
  // A copy has another time: there the bytes tell.
  if (of.id === saved.id && of.size === stamp.size) {
    return of.mtime === stamp.mtime || of.crc === (await crcOf(document))
  }
  return of.id === saved.after && saved.crc === (await crcOf(document))
}

export async function openOrNone(path: string) {
  try {
    const handle = await open(path)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    throw new Fail(`Cannot open ${path}: it is no file: name one`)
  } catch (error) {
    if (error instanceof Fail) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Fail(`Cannot open ${path}: ${troubleText(error)}`, { cause: error })
  }
}

export function stampOf(stat?: fs.BigIntStats): Stamp {
  if (!stat) return { ino: 0n, size: 0, mtime: '' }
  return { ino: stat.ino, size: Number(stat.size), mtime: String(stat.mtimeNs) }
}

export function isSame(a: Stamp, b: Stamp) {
  return a.ino === b.ino && a.size === b.size && a.mtime === b.mtime
}

export function stampAt(path: string) {
  return stampOf(fs.statSync(path, { bigint: true, throwIfNoEntry: false }))
}
