import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Source, whyUnsafe } from './source.ts'
import { damaged, entrySignature, findDirectory, readUInt64LE, u32Wrap } from './zipend.ts'

/** One file of a zip, as its central directory tells. Sizes in bytes. */
export type ZipEntry = {
  /** As the archive spells it: decoded, not normalised. */
  path: string
  size: number
  packed: number
  /** CRC-32 of the unpacked bytes, 8 hex digits. */
  crc: string
  method: number
  /** Of its local header, from the start of the file. */
  offset: number
  /** Where the next one begins: nothing of it lies behind that. */
  end?: number
  encrypted: boolean
}

/** What a zip holds that is no file to take, and why. */
export type Skipped = { path: string; why: string }

const pieceLength = 8 * 1024 * 1024

/**
 * Reads the central directory. Folders are left out; what cannot be taken as a file (links, unsafe
 * paths, a path that comes again later, an entry that reaches into the next) is in `skipped`. `hash`
 * is the SHA-1 of the directory's bytes. Throws Fail where it is no whole zip.
 */
export async function readDirectory(
  source: Source,
): Promise<{ entries: ZipEntry[]; skipped: Skipped[]; hash: string }> {
  const { start, length, count, shift, wrapped } = await findDirectory(source)
  source.keepFrom?.(start)
  const hash = createHash('sha1')
  const found: ZipEntry[] = []
  const skipped: Skipped[] = []
  let records = 0
  let wraps = 0
  let before = 0
  for (let at = 0; at < length; ) {
    const chunk = await source.read(start + at, Math.min(pieceLength, length - at))
    let next = 0
    while (next + 46 <= chunk.length) {
      if (chunk.readUInt32LE(next) !== entrySignature) throw damaged(source, records)
      const end = recordEnd(chunk, next)
      if (end > chunk.length) break
      const entry = entryAt(chunk, next)
      if (wrapped) {
        if (entry.offset < before) wraps++
        before = entry.offset
      }
      entry.offset += wrapped ? wraps * u32Wrap : shift
      const why = whyNoFile(chunk, next, entry.path)
      if (why) skipped.push({ path: entry.path, why })
      else if (why === undefined) found.push(entry)
      records++
      next = end
    }
    // No record is longer than 200 KiB, so a chunk without a whole one is damage.
    if (next === 0) throw damaged(source, records)
    hash.update(chunk.subarray(0, next))
    at += next
  }
  // Writers without zip64 (macOS) count modulo 65,536.
  if (records !== count && records % 65536 !== count) throw damaged(source, records)
  return { entries: withoutTwins(found, skipped, start), skipped, hash: hash.digest('hex') }
}

function recordEnd(chunk: Buffer, at: number) {
  const name = chunk.readUInt16LE(at + 28)
  return at + 46 + name + chunk.readUInt16LE(at + 30) + chunk.readUInt16LE(at + 32)
}

function entryAt(chunk: Buffer, at: number): ZipEntry {
  const entry = {
    path: pathAt(chunk, at),
    size: chunk.readUInt32LE(at + 24),
    packed: chunk.readUInt32LE(at + 20),
    crc: hex(chunk.readUInt32LE(at + 16)),
    method: chunk.readUInt16LE(at + 10),
    offset: chunk.readUInt32LE(at + 42),
    // Bit 0 traditional, 6 strong, 13 a hidden directory.
    encrypted: (chunk.readUInt16LE(at + 8) & 0x2041) !== 0,
    // Known once all are read; a field that comes later would double the object.
    end: 0,
  }
  const { size, packed, offset } = entry
  if (size !== 0xffffffff && packed !== 0xffffffff && offset !== 0xffffffff) return entry
  const field = extraField(chunk, at, 0x0001)
  let next = 0
  // Only those that did not fit are there, in this order.
  for (const key of ['size', 'packed', 'offset'] as const) {
    if (entry[key] !== 0xffffffff || !field || next + 8 > field.length) continue
    entry[key] = readUInt64LE(field, next)
    next += 8
  }
  return entry
}

function extraField(chunk: Buffer, at: number, id: number) {
  let next = at + 46 + chunk.readUInt16LE(at + 28)
  const end = next + chunk.readUInt16LE(at + 30)
  while (next + 4 <= end) {
    const start = next + 4
    next = start + chunk.readUInt16LE(next + 2)
    if (chunk.readUInt16LE(start - 4) === id && next <= end) return chunk.subarray(start, next)
  }
}

// Number.toString(16) takes longer than all the rest of an entry.
const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** A CRC-32 as the state keeps it: 8 hex digits. */
export function hex(crc: number) {
  const high = `${pairs[crc >>> 24]}${pairs[(crc >>> 16) & 255]}`
  return `${high}${pairs[(crc >>> 8) & 255]}${pairs[crc & 255]}`
}

function pathAt(chunk: Buffer, at: number) {
  const start = at + 46
  const end = start + chunk.readUInt16LE(at + 28)
  const path = chunk.toString('utf8', start, end)
  if (chunk.readUInt16LE(at + 8) & 0x0800 && !path.includes('\uFFFD')) return path
  // Info-ZIP keeps the true name in a field of its own, valid while its CRC is that of the plain name.
  const field = chunk.readUInt16LE(at + 30) ? extraField(chunk, at, 0x7075) : undefined
  if (field && field.length > 5 && field[0] === 1 && isUtf8(field.subarray(5))) {
    if (field.readUInt32LE(1) === crc32(chunk.subarray(start, end)))
      return field.toString('utf8', 5)
  }
  const name = chunk.subarray(start, end)
  const text = !path.includes('\uFFFD') || isUtf8(name) ? path : fromCp437(name)
  // What Windows packed without the flag may have backslashes between its folders (PowerShell 5).
  return chunk[at + 5] === 0 && text.includes('\\') ? text.replaceAll('\\', '/') : text
}

const cp437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00A0'

function fromCp437(name: Buffer) {
  return name
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (char) => cp437[char.charCodeAt(0) - 128] ?? '')
}

/** Undefined for a file to take, false for a folder (no word about it), else the reason. */
function whyNoFile(chunk: Buffer, at: number, path: string): string | false | undefined {
  const unsafe = whyUnsafe(path)
  if (unsafe) return unsafe
  if (path.endsWith('/')) return false
  const host = chunk[at + 5]
  // The upper half of the attributes is a Unix mode on Unix (3) and macOS (19) only.
  const type = host === 3 || host === 19 ? chunk.readUInt16LE(at + 40) & 0xf000 : 0
  if (type === 0x4000) return false
  if (type === 0xa000) return 'it is a symbolic link'
  if (type !== 0 && type !== 0x8000) return 'it is no regular file'
}

/** Leaves out what other programs would overwrite (the last of a path wins), and bombs that overlap. */
function withoutTwins(entries: ZipEntry[], skipped: Skipped[], directory: number) {
  const out = new Map<ZipEntry, string>()
  if (new Set(entries.map((entry) => entry.path)).size < entries.length) {
    const last = new Map(entries.map((entry) => [entry.path, entry]))
    for (const entry of entries) {
      const kept = last.get(entry.path) as ZipEntry
      const same = kept.crc === entry.crc && kept.size === entry.size
      const which = same ? 'the same bytes' : 'other bytes, which count'
      if (kept !== entry) out.set(entry, `its path comes again later in the archive, with ${which}`)
    }
  }
  let next: ZipEntry | undefined
  // Directories are written in the order of their files.
  const isAscending = entries.every(
    ({ offset }, n) => n === 0 || offset > (entries[n - 1] as ZipEntry).offset,
  )
  const fromLast = isAscending
    ? entries.toReversed()
    : entries.toSorted((a, b) => b.offset - a.offset)
  for (const entry of fromLast) {
    const overlaps = next && entry.offset + 30 + entry.packed > next.offset
    if (overlaps) out.set(entry, 'it reaches into the next entry')
    entry.end = next?.offset ?? directory
    next = entry
  }
  if (out.size === 0) return entries
  for (const [{ path }, why] of out) skipped.push({ path, why })
  return entries.filter((entry) => !out.has(entry))
}
