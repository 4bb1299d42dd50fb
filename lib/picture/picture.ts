import type { Place } from '../state/records.ts'
import { movieFacts, stillSize } from './boxes.ts'
import { RAW, typeOf } from './magic.ts'

/** How much of a file `readHead` looks at: EXIF stands at the front, 256 KiB is more than it can fill. */
export const HEAD_BYTES = 262_144

/** What a media file says of itself. A value that is absurd is treated as absent. */
export type Head = {
  /** Pixels as stored: compare sorted, a turned picture has them swapped. */
  width?: number
  height?: number
  /** Wall clock of the capture, `YYYY-MM-DDTHH:MM:SS`. */
  local?: string
  /** `+02:00`. */
  offset?: string
  place?: Place
  description?: string
  /** The real type by the first bytes, as a lower-case extension; absent where unknown. */
  type?: string
  /** Of a movie: its clock's idea of UTC, in seconds; often wrong by a zone. */
  instant?: number
  /** Of a movie. */
  seconds?: number
  /** Apple's id, the same in both halves of a live photo. */
  contentId?: string
  /** The model. */
  camera?: string
}

/**
 * Reads the first bytes of a media file. Never throws: bytes that make no sense give fewer fields.
 * `name` only tells apart what the bytes do not (kinds of RAW).
 */
export async function readHead(bytes: Buffer, name: string): Promise<Head> {
  const head = bytes.subarray(0, HEAD_BYTES)
  const type = typeOf(head, name)
  if (!type) return {}
  try {
    return tidy({ ...(await factsOf(head, type)), type })
  } catch {
    return { type }
  }
}

async function factsOf(head: Buffer, type: string): Promise<Head> {
  if (['mp4', 'mov', 'm4v', '3gp'].includes(type)) {
    const { local, ...facts } = movieFacts(head)
    return { ...facts, ...wallClock(local) }
  }
  if (['heic', 'heif', 'avif'].includes(type)) return { ...(await tags(head)), ...stillSize(head) }
  if (type === 'bmp' && head.length >= 26) {
    return { width: Math.abs(head.readInt32LE(18)), height: Math.abs(head.readInt32LE(22)) }
  }
  if (type === 'webp') return { ...(await tags(head)), ...webpSize(head) }
  return TAGGED.has(type) || RAW.has(type) ? tags(head) : {}
}

const TAGGED = new Set(['jpg', 'png', 'gif', 'tiff', 'jxl'])

// exifreader's groups are only parsed where they are asked for; all the rest costs time and is not used.
const WANTED = {
  file: true,
  png: true,
  riff: true,
  gif: true,
  gps: true,
  exif: [
    'DateTimeOriginal',
    'OffsetTimeOriginal',
    'DateTimeDigitized',
    'OffsetTimeDigitized',
    'ImageDescription',
    'Model',
    'SubfileType',
    'ImageWidth',
    'ImageLength',
  ],
  xmp: ['description', 'DateTimeOriginal', 'DateCreated'],
} satisfies import('exifreader').IncludeTagsOptions

/** Characters; a whole packet of a JPEG fits, the depth maps that some phones add do not. */
const MAX_XMP = 65_536

type Tags = Record<string, { value?: unknown; description?: unknown } | undefined>

// Kept: an import() of what is loaded takes a tenth of a millisecond each time.
const load = () => Promise.all([import('exifreader'), import('@xmldom/xmldom')])
let readers: ReturnType<typeof load> | undefined

/** EXIF, XMP and the like by exifreader, which is loaded when the first picture comes. */
async function tags(head: Buffer): Promise<Head> {
  readers ??= load()
  const [{ default: exifreader }, { DOMParser, onErrorStopParsing }] = await readers
  const domParser = {
    parseFromString(xml: string, type: string) {
      // Its time grows with the square of what hostile XML holds.
      if (xml.length > MAX_XMP) throw new Error('XMP too long')
      return new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, type)
    },
  }
  const contentId = appleId(head)
  let found: Record<string, Tags | undefined>
  const { warn } = console
  console.warn = () => {} // it tells the terminal of files that it cannot read
  try {
    // Its groups are typed tag by tag, and lack some of those that it reads.
    const options = {
      expanded: true,
      includeUnknown: false,
      includeTags: WANTED,
      domParser,
    } as const
    found = exifreader.load(head, options) as unknown as typeof found
  } catch {
    return { contentId } // it throws where there is nothing to read as well as where it is broken
  } finally {
    console.warn = warn
  }
  const { file, png, riff, gif, exif = {}, xmp = {}, gps } = found
  const box = file?.['Image Width'] ? file : (png ?? gif)
  // Of a RAW file the first directory often is a thumbnail's: no size is better than that one.
  const own = exif.SubfileType?.value ? undefined : exif
  return {
    width: Number((box?.['Image Width'] ?? riff?.ImageWidth ?? own?.ImageWidth)?.value),
    height: Number((box?.['Image Height'] ?? riff?.ImageHeight ?? own?.ImageLength)?.value),
    ...(wallClock(exif.DateTimeOriginal?.description, exif.OffsetTimeOriginal?.description) ??
      wallClock(exif.DateTimeDigitized?.description, exif.OffsetTimeDigitized?.description) ??
      wallClock(xmp.DateTimeOriginal?.description) ??
      wallClock(xmp.DateCreated?.description)),
    // The group that is no tags but three numbers.
    place: placeOf(gps as unknown as Record<string, number> | undefined),
    description: exif.ImageDescription?.description || xmp.description?.description,
    contentId,
    camera: exif.Model?.description,
  } as Head
}

/** Apple's maker note is a directory of its own, whose offsets count from its first byte; 0x11 is the id. */
function appleId(head: Buffer) {
  const start = head.indexOf('Apple iOS\0')
  if (start < 0) return
  const note = head.subarray(start)
  if (note.length < 16 || note.toString('latin1', 12, 14) !== 'MM') return
  const count = note.readUInt16BE(14)
  for (let at = 16; at + 12 <= note.length && at < 16 + count * 12; at += 12) {
    if (note.readUInt16BE(at) !== 0x11 || note.readUInt16BE(at + 2) !== 2) continue
    const [length, offset] = [note.readUInt32BE(at + 4), note.readUInt32BE(at + 8)]
    if (length < 100) return note.toString('latin1', offset, offset + length)
  }
}

/** `2024:01:15 09:15:00`, also as XMP and QuickTime write it with an offset behind. */
function wallClock(written: unknown, offset?: unknown) {
  const found = /^(\d{4})[:-](\d\d)[:-](\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?(.*)$/.exec(
    String(written),
  )
  if (!found) return
  const [, year, month, day, hour, minute, second = '00', rest] = found
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  // Cameras without a clock write 0000:00:00, and some dates do not exist.
  const time = new Date(`${local}Z`)
  if (year === '0000' || !Number.isFinite(+time) || !time.toISOString().startsWith(local)) return
  const zone = /^([+-][01]\d):?([0-5]\d)/.exec(
    String(offset ?? rest)
      .trim()
      .replace(/^Z$/, '+00:00'),
  )
  return zone ? { local, offset: `${zone[1]}:${zone[2]}` } : { local }
}

function placeOf(gps: Record<string, number> | undefined): Place | undefined {
  const [latitude = Number.NaN, longitude = Number.NaN, altitude = 0] = [
    gps?.Latitude,
    gps?.Longitude,
    gps?.Altitude,
  ].map((degrees) => Math.round(Number(degrees) * 1e7) / 1e7)
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return
  if (latitude === 0 && longitude === 0) return
  // Some phones write wild altitudes where they have none.
  const sane = altitude !== 0 && Math.abs(altitude) < 20_000
  return sane ? [latitude, longitude, altitude] : [latitude, longitude]
}

/** Drops what is empty or absurd, so that a field that is there can be believed. */
function tidy(head: Head): Head {
  const { width = 0, height = 0, description, contentId, camera, ...rest } = head
  const plain = (value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').trim() : ''
  const [text, id, model] = [plain(description), plain(contentId), plain(camera)]
  const sized = width > 0 && height > 0
  const tidied = {
    ...rest,
    ...(sized && { width, height }),
    ...(text && { description: text }),
    ...(id && { contentId: id }),
    ...(model && { camera: model }),
  }
  return Object.fromEntries(
    Object.entries(tidied).filter(([, value]) => value !== undefined && value !== ''),
  )
}

/** WebP without the extended header has its size in the first frame. */
function webpSize(head: Buffer) {
  const chunk = head.toString('latin1', 12, 16)
  if (chunk === 'VP8 ' && head.length >= 30) {
    return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff }
  }
  if (chunk === 'VP8L' && head.length >= 25) {
    const bits = head.readUInt32LE(21)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return {}
}
