import type { Facts, Place } from '../state/records.ts'

/** What a JSON of an export is, told by its content: album files have a name in every language. */
export type Json =
  | { kind: 'photo'; facts: Facts }
  | {
      kind: 'album'
      title: string
      description?: string
      /** UTC seconds. */
      date?: number
      /** How many comments and likes it holds. */
      comments?: number
      /** A thread of pictures sent to a person, no album. */
      conversation?: true
    }
  | { kind: 'account' }
  | { kind: 'broken'; why: string }

// UTC seconds of the years 1 and 9999: what a date can hold everywhere.
const FIRST = -62_135_596_800
const LAST = 253_402_300_799
// UTF-16 units; Google's own limits are far below.
const LONGEST_TITLE = 4096
// Metres; more is no altitude.
const HIGHEST = 100_000
const LONGEST_TEXT = 65_536

type Fields = Record<string, unknown>

const utf8 = new TextDecoder()

/** Reads a JSON of an export. Never throws, whatever the bytes are. */
export function readJson(data: Buffer): Json {
  let json: unknown
  try {
    // A byte that is no UTF-8 becomes U+FFFD in its text and costs no more than that; a BOM is dropped.
    json = JSON.parse(utf8.decode(data))
  } catch {
    const empty = data.every((byte) => byte === 0)
    return { kind: 'broken', why: empty ? 'empty' : 'no JSON' }
  }
  const fields = object(json)
  if (!fields)
    return Array.isArray(json) ? { kind: 'account' } : { kind: 'broken', why: 'no object' }
  if (isPhoto(fields)) return { kind: 'photo', facts: readPhoto(fields) }
  return readAlbum(object(fields.albumData) ?? fields, 'albumData' in fields)
}

// Besides the time, what only photos have: a sidecar without a time is not to become an album.
const onlyPhotos = ['imageViews', 'geoDataExif', 'googlePhotosOrigin', 'photoLastModifiedTime']

function isPhoto(fields: Fields): boolean {
  if (object(fields.photoTakenTime)) return true
  return typeof fields.title === 'string' && onlyPhotos.some((key) => key in fields)
}

function readPhoto(fields: Fields): Facts {
  const origin = object(fields.googlePhotosOrigin) ?? {}
  const url = text(fields.url, LONGEST_TITLE)
  const names = list(fields.people).map((person) =>
    text(object(person)?.name, LONGEST_TITLE)?.trim(),
  )
  return present<Facts>({
    title: text(fields.title, LONGEST_TITLE),
    taken: time(fields.photoTakenTime),
    created: time(fields.creationTime),
    modified: time(fields.photoLastModifiedTime) ?? time(fields.modificationTime),
    description: text(fields.description, LONGEST_TEXT),
    place: place(fields.geoData),
    placeExif: place(fields.geoDataExif),
    people: names.some(Boolean)
      ? ([...new Set(names.filter((name) => !!name))] as string[])
      : undefined,
    url: url && /^https:\/\/[^\s]+$/.test(url) ? url : undefined,
    favorite: flag(fields.favorited),
    archived: flag(fields.archived),
    trashed: flag(fields.trashed),
    partner: object(origin.fromPartnerSharing) && true,
    sharedAlbum: object(origin.fromSharedAlbum) && true,
  })
}

function readAlbum(fields: Fields, wrapped: boolean): Json {
  const comments = Array.isArray(fields.sharedAlbumComments) ? fields.sharedAlbumComments.length : 0
  const known = wrapped || typeof fields.title === 'string'
  if (!known) return { kind: 'account' }
  const title = text(fields.title, LONGEST_TITLE) ?? ''
  return {
    kind: 'album',
    title,
    ...present({
      description: describe(fields),
      date: time(fields.date),
      comments: comments || undefined,
      conversation: flag(title === '' && comments > 0),
    }),
  }
}

/** The album's text, then what its owner wrote and pinned between the pictures. */
function describe(fields: Fields): string | undefined {
  const pieces = [text(fields.description, LONGEST_TEXT)]
  for (const enrichment of list(fields.enrichments)) {
    const { narrativeEnrichment, locationEnrichment, mapEnrichment } = object(enrichment) ?? {}
    pieces.push(text(object(narrativeEnrichment)?.text, LONGEST_TEXT))
    const { origin, destination } = object(mapEnrichment) ?? {}
    for (const spots of [object(locationEnrichment)?.location, origin, destination]) {
      for (const spot of list(spots)) pieces.push(text(object(spot)?.name, LONGEST_TITLE))
    }
  }
  return text(pieces.filter((piece) => piece !== undefined).join('\n'), LONGEST_TEXT)
}

/** Seconds are written as a string. Zero is how an unknown time is written. */
function time(field: unknown): number | undefined {
  const timestamp = object(field)?.timestamp
  const seconds = number(timestamp)
  if (seconds === undefined || seconds < FIRST || seconds > LAST) return undefined
  return Math.trunc(seconds) || undefined
}

/** Degrees and, unless unknown, metres. 0,0 is how no place is written; zero on one axis is a real place. */
function place(field: unknown): Place | undefined {
  const { latitude, longitude, altitude } = object(field) ?? {}
  const [lat, lon, height] = [number(latitude), number(longitude), number(altitude)]
  if (lat === undefined || lon === undefined || (lat === 0 && lon === 0)) return undefined
  if (Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined
  return height && Math.abs(height) < HIGHEST ? [lat, lon, height] : [lat, lon]
}

/** One thing is taken for a list of it. More than a thousand are not meant for reading. */
function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.slice(0, 1000)
  return value === undefined ? [] : [value]
}

function object(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined
}

function number(value: unknown): number | undefined {
  const written = typeof value === 'string' && /^[+-]?\d{1,20}(\.\d{1,20})?$/.test(value.trim())
  const read = typeof value === 'number' ? value : written ? Number(value) : Number.NaN
  return Number.isFinite(read) ? read : undefined
}

/** Text up to a length, undefined when blank. Zero bytes are dropped: no database takes them. */
function text(value: unknown, longest: number): string | undefined {
  const read = typeof value === 'number' ? String(value) : value
  if (typeof read !== 'string') return undefined
  const clean = read.slice(0, longest).replaceAll('\0', '').toWellFormed()
  return clean.trim() === '' ? undefined : clean
}

function flag(value: unknown): true | undefined {
  return value === true || value === 'true' ? true : undefined
}

function present<Record extends object>(
  record: { [Key in keyof Record]: Record[Key] | undefined },
): Record {
  const kept: Partial<Record> = {}
  for (const key in record)
    if (record[key] !== undefined) kept[key] = record[key] as Record[typeof key]
  return kept as Record
}
