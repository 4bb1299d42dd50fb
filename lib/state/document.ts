import type { FileHandle } from 'node:fs/promises'
import { Fail } from '../stage.ts'
import { checkVersion, readWhole, sectionsOfLines, wayOut } from './edited.ts'
import { bytesAt, eachLine } from './lines.ts'

/** A collection as the document knows it: null prototype, so that no id can mean anything else. */
export type Records = Record<string, unknown>

/** Who wrote the document, and where its sections lie. */
export type Saved = {
  id: string
  /** Id of the document that this one took the place of; a journal of that one is in here already. */
  after: string
  at: string
  /** CRC-32 of all that follows the head line, 8 hex digits. */
  crc: string
  /** Names in the order of the file, each with the bytes of its record lines. */
  sections: [name: string, bytes: number][]
}

/** A collection in the file: bytes `start` to `end` are its record lines. */
export type Section = {
  name: string
  start: number
  end: number
  count: number
  /** Number of the line that opens it; 0 where lines were not counted. */
  line: number
}

export type Document = {
  /** Undefined where another tool wrote the file. */
  saved?: Saved
  sections: Section[]
  /** Laid out as we write it, so that sections may be skipped and copied. */
  ours: boolean
  loaded: Map<string, Records>
  /** Records of each collection. */
  counts: Map<string, number>
}

export const FIRST = '{"version":1,\n'
// Longest head that is looked for: it grows by some 50 bytes with each collection.
const HEAD = 64 << 10

export const noRecords = (): Records => Object.create(null)

/** `"id":<value>,` -> id and value; throws what JSON.parse throws. */
function parseRecord(line: string): [string, unknown] {
  let end = line.length
  while (line.charCodeAt(end - 1) <= 32) end--
  if (line.charCodeAt(end - 1) === 44) end--
  const quote = line.indexOf('"', 1)
  const id = line.slice(1, quote)
  const plain = line.startsWith('"') && line[quote + 1] === ':' && !id.includes('\\')
  if (plain) return [id, JSON.parse(line.slice(quote + 2, end))]
  const [entry, ...more] = Object.entries(JSON.parse(`{${line.slice(0, end)}}`))
  if (!entry || more.length > 0) throw new SyntaxError('not one record on the line')
  return entry
}

/** Reads a section's records into `records`; gives what is wrong with it, if anything. */
async function readRecords(handle: FileHandle, section: Section, records: Records) {
  let lines = 0
  let blank = 0
  let problem: string | undefined
  const end = await eachLine(handle, section.start, section.end, (chunk, from, to, at) => {
    lines++
    const text = chunk.toString('utf8', from, to)
    try {
      const [id, record] = parseRecord(text)
      records[id] = record
    } catch (error) {
      if (text.trim() === '') {
        blank++
        return
      }
      const why = (error as Error).message
      problem = `line ${section.line + lines} (byte ${at}): ${why.replace(/ in JSON at .*/, '')}`
      return false
    }
  })
  if (problem === undefined && end < section.end) problem = `it ends within "${section.name}"`
  // An id that stands there twice counts once.
  const found = lines - blank
  section.count = found === section.count ? found : Object.keys(records).length
  return problem
}

/** The sections as the head names them, or undefined where the file does not bear it out. */
async function sectionsOfHead(handle: FileHandle, size: number) {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(HEAD, size)), 0, null, 0)
  const top = buffer.subarray(0, bytesRead)
  const close = top.indexOf(10, FIRST.length)
  if (close < 0 || top.toString('latin1', 0, FIRST.length) !== FIRST) return
  const sections: Section[] = []
  try {
    const text = top.toString('utf8', FIRST.length, close).trimEnd().replace(/,$/, '')
    const { saved, counts } = JSON.parse(`{${text}}`) as {
      saved: Saved
      counts: Record<string, number>
    }
    let at = close + 1
    for (const [name, bytes] of saved.sections) {
      const open = Buffer.from(`${at > close + 1 ? ',\n' : ''}${JSON.stringify(name)}:{\n`)
      const start = at + open.length
      const count = counts[name] ?? -1
      if (!(Number.isInteger(bytes) && bytes >= 0 && count >= 0)) return { saved }
      if (!open.equals(await bytesAt(handle, at, open.length))) return { saved }
      at = start + bytes
      if ((await bytesAt(handle, at - 1, 2)).toString() !== '\n}') return { saved }
      sections.push({ name, start, end: at++, count, line: 0 })
    }
    const foot = Buffer.from('\n}\n')
    if (at + foot.length !== size || !foot.equals(await bytesAt(handle, at, foot.length))) {
      return { saved }
    }
    return { saved, sections }
  } catch {
    return
  }
}

/** What the head says of the document; undefined where it has none that can be read. */
export async function readSaved(handle: FileHandle): Promise<Saved | undefined> {
  return (await sectionsOfHead(handle, (await handle.stat()).size))?.saved
}

/**
 * Reads the document behind `handle` (`file` is its name, for messages): the collections that are `wanted`, and where
 * the others lie. Throws Fail for a document that is none, is broken or of another version.
 */
export async function readDocument(
  file: string,
  handle: FileHandle,
  wanted: (name: string) => boolean,
): Promise<Document> {
  const { size } = await handle.stat()
  const start = (await bytesAt(handle, 0, 200)).toString()
  if (start.trim() === '') throw new Fail(`Cannot read ${file}: it is empty: ${wayOut(file)}`)
  checkVersion(file, /^\s*\{\s*"version"\s*:\s*(\d+)/.exec(start)?.[1])
  const head = await sectionsOfHead(handle, size)
  const saved = head?.saved
  if (head?.sections) {
    const { loaded, counts, problem } = await readSections(file, handle, head.sections, wanted)
    if (!problem) return { saved, sections: head.sections, ours: true, loaded, counts }
  }
  // Someone else wrote it since: all of it is read, so that all of it is known to be sound.
  const scan = await sectionsOfLines(handle, size)
  let problem = scan.misfit
  if (scan.sections) {
    const read = await readSections(file, handle, scan.sections, () => true)
    if (!read.problem) return { saved, ours: false, ...read, sections: [] }
    problem = read.problem
  }
  return { saved, ours: false, sections: [], ...(await readWhole(file, handle, problem)) }
}

async function readSections(
  file: string,
  handle: FileHandle,
  sections: Section[],
  wanted: (name: string) => boolean,
) {
  const loaded = new Map<string, Records>()
  const counts = new Map<string, number>()
  for (const section of sections) {
    if (wanted(section.name)) {
      const records = noRecords()
      const problem = await readRecords(handle, section, records)
      if (problem) return { loaded, counts, problem }
      if (loaded.has(section.name)) {
        const found = `"${section.name}" stands there twice`
        throw new Fail(`Cannot read ${file}: ${found}: make one of them`)
      }
      loaded.set(section.name, records)
    }
    counts.set(section.name, section.count)
  }
  return { loaded, counts, problem: undefined }
}
