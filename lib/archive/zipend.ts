import { size as asSize, count as counted } from '../progress.ts'
import { Fail } from '../stage.ts'
import { kindOf, type Source } from './source.ts'

// PKWARE's APPNOTE.TXT, 4.3: the records' signatures.
export const entrySignature = 0x02014b50
const endSignature = 0x06054b50
const end64Signature = 0x06064b50
const locator64Signature = 0x07064b50
export const u32Wrap = 2 ** 32
const again = 'download that part again'

// The end record is the last thing in the file, before a comment of up to 65,535 bytes, which hardly any zip has.
const SHORT = 1024
const LONGEST = 20 + 22 + 65535

/**
 * Where a zip's central directory lies: `start`, `length` in bytes, its `count` of entries, and by how
 * much the offsets in it fall short (`shift`, or `wrapped` at every 4 GiB). Throws Fail where there is none.
 */
export async function findDirectory(source: Source) {
  const found = (await endIn(source, SHORT)) ?? (await endIn(source, LONGEST))
  if (!found) throw await noZip(source)
  const { tail, tailAt, end } = found
  const disk = tail.readUInt16LE(end + 4)
  if (disk !== 0 && disk !== 0xffff) {
    throw new Fail(`Cannot read "${source.name}": it is one volume of a split zip: join them first`)
  }
  let endsAt = tailAt + end
  let count = tail.readUInt16LE(end + 10)
  let length = tail.readUInt32LE(end + 12)
  let claimed = tail.readUInt32LE(end + 16)
  const zip64 = end >= 20 && tail.readUInt32LE(end - 20) === locator64Signature
  if (zip64) {
    // The locator's offset is off where something stands before the archive; then the usual place.
    const at = await firstWith(source, end64Signature, 56, [
      readUInt64LE(tail, end - 20 + 8),
      endsAt - 20 - 56,
    ])
    if (at === undefined) throw damaged(source, 0)
    const record = await source.read(at, 56)
    endsAt = at
    count = readUInt64LE(record, 32)
    length = readUInt64LE(record, 40)
    claimed = readUInt64LE(record, 48)
  }
  if (length === 0 && count === 0) return { start: 0, length, count, shift: 0, wrapped: false }
  const start = await firstWith(source, entrySignature, length, [endsAt - length, claimed])
  if (start === undefined) throw damaged(source, 0)
  const shift = start - claimed
  // macOS writes zips above 4 GiB without zip64: its offsets start again from 0 at every 4 GiB.
  const wrapped = !zip64 && shift > 0 && shift % u32Wrap === 0
  if (shift < 0) {
    throw new Fail(
      `Cannot read "${source.name}": its first ${asSize(-shift)} are missing: ${again}`,
    )
  }
  // A zip that was cut inside a stored zip ends like a whole one with other bytes before it.
  if (shift > 0 && !wrapped && kindOf(await source.read(0, 4)) === 'a zip')
    throw await noZip(source)
  return { start, length, count, shift, wrapped }
}

async function endIn(source: Source, length: number) {
  const tailAt = Math.max(0, source.size - length)
  const tail = await source.read(tailAt, source.size - tailAt)
  for (let end = tail.length - 22; end >= 0; end--)
    if (isEnd(tail, end)) return { tail, tailAt, end }
}

function isEnd(tail: Buffer, at: number) {
  return (
    tail[at] === 0x50 &&
    tail.readUInt32LE(at) === endSignature &&
    at + 22 + tail.readUInt16LE(at + 20) === tail.length
  )
}

/** The first of `places` where a record of that signature and length can stand. */
async function firstWith(source: Source, sign: number, length: number, places: number[]) {
  for (const at of places) {
    if (at < 0 || length < 4 || at + length > source.size) continue
    if ((await source.read(at, 4)).readUInt32LE(0) === sign) return at
  }
}

async function noZip(source: Source) {
  const kind = kindOf(await source.read(0, Math.min(512, source.size)))
  const cut = `it ends before its directory (${asSize(source.size)} are there)`
  if (kind === 'a zip') return new Fail(`Cannot read "${source.name}": ${cut}: ${again}`)
  const found =
    kind === 'empty' ? 'it is empty' : kind ? `it is ${kind}, not a zip` : 'it is no zip'
  const remedy = kind?.startsWith('a gzip') || kind === 'a tar' ? 'rename it to .tgz' : again
  const signedIn = kind === 'a web page' ? ' while signed in' : ''
  return new Fail(`Cannot read "${source.name}": ${found}: ${remedy}${signedIn}`)
}

/** For a directory that breaks off after so many entries. */
export function damaged(source: Source, records: number) {
  return new Fail(
    `Cannot read "${source.name}": its directory is damaged after ${counted(records, 'entry', 'entries')}: ${again}`,
  )
}

/** A zip64 number. */
export function readUInt64LE(bytes: Buffer, at: number) {
  // Above 2^53 it loses digits, and lies outside of any file anyway.
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * u32Wrap
}
