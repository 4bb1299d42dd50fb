import { constants } from 'node:buffer'
import { existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { Fail } from '../stage.ts'
import { FIRST, noRecords, type Records, type Section } from './document.ts'
import { bytesAt, CHUNK, eachLine } from './lines.ts'

/** The sections found by looking at each line, as long as a line is a record; or what does not fit. */
export async function sectionsOfLines(handle: FileHandle, size: number) {
  const sections: Section[] = []
  let open: Section | undefined
  let line = 0
  let done = false
  let misfit: string | undefined
  const take = (chunk: Buffer, from: number, to: number, at: number) => {
    line++
    // A record of an open section is looked at only when it is read.
    if (open && chunk[from] === 34) return
    const text = chunk.toString('utf8', from, to).trim()
    const name = /^("(?:[^"\\]|\\.)*")\s*:\s*\{\s*(\}\s*,?)?$/.exec(text)
    if (text === '' || (line === 1 && text === FIRST.trim())) return
    if (open && (text === '}' || text === '},')) {
      sections.push({ ...open, end: at })
      open = undefined
    } else if (line > 1 && !open && !done && name?.[1]) {
      const start = at + to - from + 1
      const section = { name: JSON.parse(name[1]), start, end: start, count: -1, line }
      if (name[2]) sections.push(section)
      else open = section
    } else if (!open && !done && text === '}') {
      done = true
    } else if (line === 1 || !/^"(saved|counts)"\s*:/.test(text)) {
      misfit = `line ${line} (byte ${at}): not a record`
      return false
    }
  }
  const [first = ''] = (await bytesAt(handle, 0, FIRST.length + 1)).toString('latin1').split('\n')
  if (first.trim() !== FIRST.trim()) return {}
  const end = await eachLine(handle, 0, size, take)
  if (!misfit && end < size) {
    const rest = await bytesAt(handle, end, Math.min(size - end, CHUNK))
    take(rest, 0, rest.length, end)
  }
  if (!misfit && !done) misfit = `it ends in the middle, at line ${line} (byte ${size})`
  return misfit ? { misfit } : { sections }
}

/** The document as another tool laid it out, in one piece: up to V8's longest string. */
export async function readWhole(file: string, handle: FileHandle, misfit: string | undefined) {
  const { size } = await handle.stat()
  if (size > constants.MAX_STRING_LENGTH) {
    const layout = misfit ?? 'it is not one record a line'
    const found = `${layout}, and ${size} bytes are too many to read in one piece`
    throw new Fail(`Cannot read ${file}: ${found}: ${wayOut(file)}; edit it line by line`)
  }
  let whole: Record<string, unknown>
  try {
    const bytes = Buffer.alloc(size)
    let read = 0
    while (read < size) {
      const { bytesRead } = await handle.read(bytes, read, size - read, read)
      if (bytesRead === 0) break
      read += bytesRead
    }
    whole = JSON.parse(bytes.toString('utf8', 0, read).replace(/^\uFEFF/, ''))
  } catch (error) {
    // What it found there may hold line ends.
    const message = (error as Error).message.replace(/\s+/g, ' ')
    // As long as it goes by lines, the line tells more than the place in the whole.
    throw new Fail(`Cannot read ${file}: ${misfit ?? message}: ${wayOut(file)}`, { cause: error })
  }
  if (!Number.isInteger(whole?.version)) {
    throw new Fail(
      `Cannot read ${file}: it is no state of photoferry, it has no version: name another`,
    )
  }
  checkVersion(file, whole.version)
  const loaded = new Map<string, Records>()
  const counts = new Map<string, number>()
  for (const [name, records] of Object.entries(whole)) {
    if (name === 'version' || name === 'saved' || name === 'counts') continue
    if (typeof records !== 'object' || records === null || Array.isArray(records)) {
      throw new Fail(`Cannot read ${file}: "${name}" is no collection of records: take it out`)
    }
    const entries = Object.entries(records)
    const own = noRecords()
    for (const [id, record] of entries) own[id] = record
    loaded.set(name, own)
    counts.set(name, entries.length)
  }
  return { loaded, counts }
}

/** What to do about a document that cannot be read. */
export function wayOut(file: string) {
  return existsSync(`${file}.bak`)
    ? `mend it, or put ${file}.bak (the one before it) in its place`
    : 'mend it, or delete it to begin anew'
}

/** Throws Fail unless the document's version is ours, or not known yet. */
export function checkVersion(file: string, version: unknown) {
  if (Number(version) > 1) {
    const found = `a newer photoferry wrote it (version ${version}, this one knows 1)`
    throw new Fail(`Cannot read ${file}: ${found}: update this one`)
  }
  if (version !== undefined && Number(version) !== 1) {
    throw new Fail(`Cannot read ${file}: it is of version ${version}: only 1 is known`)
  }
}
