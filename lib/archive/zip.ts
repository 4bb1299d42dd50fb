import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { size as asSize } from '../progress.ts'
import { Fail } from '../stage.ts'
import { hex, type ZipEntry } from './directory.ts'
import type { Source } from './source.ts'

export { readDirectory, type Skipped, type ZipEntry } from './directory.ts'

const kib = 1024
const mib = 1024 * kib
const again = 'download that part again'
const localHeader = 0x04034b50
const methods: Record<number, string> = { 9: 'Deflate64', 12: 'bzip2', 14: 'LZMA', 93: 'Zstandard' }

/**
 * Reads many small entries, in the order of the archive, neighbours in one go and a few reads ahead.
 * Each is checked against its size and CRC-32; `problem` says why there is no `data`. At most `max`
 * unpacked bytes each. Throws Fail where the source itself cannot be read.
 */
export async function* readEntries(
  source: Source,
  entries: ZipEntry[],
  max = 4 * mib,
): AsyncGenerator<{ entry: ZipEntry; data?: Buffer; problem?: string }> {
  const ranges: (Range & { entries: ZipEntry[] })[] = []
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    const tooLarge = Math.max(entry.size, entry.packed - 64 * kib) > max
    const problem = refusal(source, entry) ?? (tooLarge ? `it is larger than ${asSize(max)}` : '')
    if (problem) {
      yield { entry, problem }
      continue
    }
    // The header's own name and fields may be longer than guessed here; then it is read once more.
    const guess = entry.offset + 30 + 3 * entry.path.length + 128 + entry.packed
    const end = Math.min(entry.end ?? source.size, guess)
    const range = ranges.at(-1)
    const near = range && entry.offset - (range.at + range.length) <= (source.gap ?? 64 * kib)
    if (range && near && end - range.at <= 2 * mib) {
      range.entries.push(entry)
      range.length = Math.max(range.length, end - range.at)
    } else ranges.push({ at: entry.offset, length: end - entry.offset, entries: [entry] })
  }
  for await (const { range, bytes } of readAhead(source, ranges, 8)) {
    for (const entry of range.entries) {
      const whole = wholeEntry(source, entry, bytes, range.at)
      const result = typeof whole === 'string' || Buffer.isBuffer(whole) ? whole : await whole
      yield typeof result === 'string' ? { entry, problem: result } : { entry, data: result }
    }
  }
}

/**
 * The bytes of one entry in chunks of up to 1 MiB. Throws Fail on a wrong CRC-32, size or packing
 * before the last chunk, so that an upload on its way can be broken off.
 */
export async function* streamEntry(source: Source, entry: ZipEntry): AsyncGenerator<Buffer> {
  const fail = (why: string, remedy = again) =>
    new Fail(`Cannot read ${JSON.stringify(entry.path)} in "${source.name}": ${why}: ${remedy}`)
  const refused = refusal(source, entry)
  if (refused) throw fail(refused, 'unpack it by another program and import the folder')
  if (entry.packed <= mib && entry.size <= 4 * mib) {
    for await (const { data, problem } of readEntries(source, [entry])) {
      if (!data) throw fail(problem as string)
      for (let at = 0; at < data.length; at += mib) yield data.subarray(at, at + mib)
    }
    return
  }
  const start = dataStart(await source.read(entry.offset, 30), 0)
  if (start === undefined) throw fail('its header is damaged')
  const at = entry.offset + start
  if (at + entry.packed > source.size) throw fail('it lies outside of the archive')
  const packed = piecewise(source, at, entry.packed)
  const inflate = entry.method === 8 ? createInflateRaw({ chunkSize: 256 * kib }) : undefined
  const done = inflate && pipeline(packed, inflate).catch(() => {})
  let size = 0
  let crc = 0
  let last: Buffer | undefined
  try {
    for await (const chunk of (inflate ?? packed) as AsyncIterable<Buffer>) {
      size += chunk.length
      crc = crc32(chunk, crc)
      if (size > entry.size) throw fail('it is longer than its directory says')
      if (size < entry.size) yield chunk
      else last = chunk
    }
  } catch (error) {
    throw error instanceof Fail
      ? error
      : fail(`its packing is damaged (${(error as Error).message})`)
  } finally {
    inflate?.destroy()
    await done
  }
  if (size < entry.size) throw fail('it is shorter than its directory says')
  if (hex(crc) !== entry.crc) throw fail('its checksum is wrong')
  if (last) yield last
}

/** Why an entry cannot be read, as far as the directory tells. */
function refusal(source: Source, entry: ZipEntry): string | undefined {
  const { method, offset, packed } = entry
  if (entry.encrypted) return 'it is encrypted'
  if (method !== 0 && method !== 8) {
    return `it is packed by method ${method}${methods[method] ? ` (${methods[method]})` : ''}`
  }
  if (offset < 0 || offset + 30 + packed > source.size) return 'it lies outside of the archive'
  if (method === 0 && packed !== entry.size) return 'its two sizes differ though it is not packed'
}

/** Where an entry's bytes begin after `at`, its local header; undefined where there is no such header. */
function dataStart(bytes: Buffer, at: number) {
  if (bytes.readUInt32LE(at) !== localHeader) return
  return at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
}

/** The unpacked bytes of a small entry within `bytes`, or what is wrong with it; only what lies behind them has to be waited for. */
function wholeEntry(source: Source, entry: ZipEntry, bytes: Buffer, bytesAt: number) {
  const start = dataStart(bytes, entry.offset - bytesAt)
  if (start === undefined) return 'its header is damaged'
  const packed = bytes.subarray(start, start + entry.packed)
  if (packed.length === entry.packed) return unpacked(entry, packed)
  if (bytesAt + start + entry.packed > source.size) return 'it lies outside of the archive'
  return source.read(bytesAt + start, entry.packed).then((again) => unpacked(entry, again))
}

function unpacked(entry: ZipEntry, packed: Buffer): Buffer | string {
  let data: Buffer
  try {
    // A copy of what is not packed: a slice would hold all its neighbours in memory.
    data = entry.method === 0 ? Buffer.from(packed) : inflateAtMost(packed, entry.size)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const longer = code === 'ERR_BUFFER_TOO_LARGE'
    return longer ? 'it is longer than its directory says' : `its packing is damaged (${message})`
  }
  if (data.length !== entry.size) return 'it is shorter than its directory says'
  if (crc32(data) !== Number.parseInt(entry.crc, 16)) return 'its checksum is wrong'
  return data
}

function inflateAtMost(packed: Buffer, size: number) {
  // Room for one byte more than promised: all comes out in one go, and a liar is seen.
  return inflateRawSync(packed, { chunkSize: Math.max(64, size + 1), maxOutputLength: size || 1 })
}

type Range = { at: number; length: number }

/** Reads the ranges in order, `depth` of them on their way at a time; ends no sooner than the reads. */
async function* readAhead<R extends Range>(source: Source, ranges: Iterable<R>, depth: number) {
  const waiting: { range: R; bytes: Promise<Buffer> }[] = []
  const rest = ranges[Symbol.iterator]()
  const fill = () => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const range = next.value
      const bytes = source.read(range.at, range.length)
      // Its turn comes later: until then nobody listens.
      bytes.catch(() => {})
      if (waiting.push({ range, bytes }) >= depth) return
    }
  }
  try {
    fill()
    for (let first = waiting.shift(); first; first = waiting.shift()) {
      const bytes = await first.bytes
      fill()
      yield { range: first.range, bytes }
    }
  } finally {
    await Promise.allSettled(waiting.map(({ bytes }) => bytes))
  }
}

async function* piecewise(source: Source, at: number, length: number) {
  const pieces: Range[] = []
  // Over a network small ones first: some only want to see the head of a picture.
  let step = source.piece ? mib / 4 : mib
  for (let done = 0; done < length; done += step, step = Math.min(source.piece ?? mib, 2 * step))
    pieces.push({ at: at + done, length: Math.min(step, length - done) })
  for await (const { bytes } of readAhead(source, pieces, 2)) yield bytes
}
