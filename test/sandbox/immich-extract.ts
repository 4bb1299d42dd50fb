import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { DOMParser } from '@xmldom/xmldom'
import ExifReader from 'exifreader'
import { readHead } from '../../lib/picture/picture.ts'
import type { Major } from './immich-check.ts'
import type { Asset, Db, Sidecar } from './immich-db.ts'

/** The IANA zone at a place, null where it is not known. */
export type ZoneAt = (latitude: number, longitude: number) => string | null
type Tags = Sidecar & {
  /** ISO wall clock, with or without an offset. */
  date?: string
  make?: string
  model?: string
  orientation?: number
  width?: number
  height?: number
  instant?: number
  contentId?: string
}

const headBytes = 262_144

/** The first bytes of a file on disk. */
export async function headOf(path: string) {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** What the first bytes of the file say, and its sidecar; to be given to `apply` later, as the server's own job does. */
export async function read(head: Buffer, asset: Asset): Promise<{ file: Tags; sidecar: Sidecar }> {
  const sidecar = structuredClone(asset.sidecar ?? {})
  return {
    file: asset.type === 'VIDEO' ? await movieTags(head, asset) : await stillTags(head, asset),
    sidecar,
  }
}

/** Writes what was read into the asset, but for what a call has changed meanwhile. */
export function apply(
  db: Db,
  major: Major,
  asset: Asset,
  { file, sidecar }: Awaited<ReturnType<typeof read>>,
  zoneAt: ZoneAt,
) {
  const tags: Tags = { ...file, ...sidecar }
  const dated = (text?: string) =>
    Number.isNaN(Date.parse(text ?? '')) || !isTaken(text ?? '') ? undefined : text
  const placeZone = ({ latitude, longitude }: Sidecar) =>
    hasPlace(latitude, longitude) ? zoneAt(latitude ?? 0, longitude ?? 0) : null
  // In a picture an offset beats the place, in a movie and in the sidecar the place beats an offset. A date in the sidecar
  // takes the place of all that the file says of time, its zone included.
  const [fileDate, ownDate] = [dated(file.date), dated(sidecar.date)]
  const fileZone =
    asset.type === 'VIDEO'
      ? (placeZone(file) ?? offsetZone(fileDate) ?? 'UTC')
      : (offsetZone(fileDate) ?? placeZone(file))
  const apart = sidecar.offset && offsetZone(`T${sidecar.offset}`)
  const ownZone = apart ?? placeZone(sidecar) ?? offsetZone(ownDate)
  const zone = ownDate ? ownZone : (ownZone ?? fileZone)
  let instant: number
  if (ownDate) instant = Date.parse(offsetOf(ownDate) ? ownDate : `${ownDate}Z`)
  else if (fileDate && offsetOf(fileDate)) instant = Date.parse(fileDate)
  else if (fileDate) {
    const clock = Date.parse(`${fileDate}Z`)
    instant = fileZone ? clock - shift(clock, fileZone) : clock
  } else instant = file.instant ?? Math.min(asset.fileCreatedAt, asset.fileModifiedAt)
  const known = ownDate ?? fileDate ?? file.instant
  const local = zone && known ? instant + shift(instant, zone) : instant
  const { latitude, longitude } = hasPlace(sidecar.latitude, sidecar.longitude) ? sidecar : file
  const placed = hasPlace(latitude, longitude)
  const rating =
    tags.rating === 0 || (tags.rating === -1 && major === 3) ? null : (tags.rating ?? null)
  const found = {
    dateTimeOriginal: instant,
    timeZone: zone,
    latitude: placed ? (latitude ?? null) : null,
    longitude: placed ? (longitude ?? null) : null,
    description: asTyped((tags.imageDescription || tags.description) ?? '').trim(),
    rating,
  }
  const { exif, locked } = asset
  for (const [name, value] of Object.entries(found)) {
    if (!locked.includes(name)) Object.assign(exif, { [name]: value })
  }
  Object.assign(exif, {
    make: tags.make ?? null,
    model: tags.model ?? null,
    orientation: tags.orientation === undefined ? null : String(tags.orientation),
    exifImageWidth: tags.width ?? null,
    exifImageHeight: tags.height ?? null,
    fileSizeInByte: asset.size,
    modifyDate: asset.fileModifiedAt,
  })
  const turned = (tags.orientation ?? 1) >= 5
  asset.width = (turned ? tags.height : tags.width) ?? null
  asset.height = (turned ? tags.width : tags.height) ?? null
  asset.fileCreatedAt = instant
  asset.localDateTime = local
  asset.thumbhash ??= Buffer.from(asset.checksum.slice(0, 40), 'hex').toString('base64')
  if (!locked.includes('tags')) {
    const names = tags.tags ?? []
    asset.tagIds = [...new Set(names.flatMap((name) => db.upsertTag(name)?.id ?? []))]
  }
  db.touch(asset)
  if (file.contentId) joinHalves(db, asset, file.contentId)
}

/** Two halves of one live photo, told by Apple's id, become one: the video is hidden, and leaves its albums. */
function joinHalves(db: Db, asset: Asset, contentId: string) {
  asset.contentId = contentId
  const other = [...db.assets.values()].find(
    (one) =>
      one.contentId === contentId && one.type !== asset.type && one.ownerId === asset.ownerId,
  )
  if (!other) return
  const [still, video] = asset.type === 'IMAGE' ? [asset, other] : [other, asset]
  still.livePhotoVideoId = video.id
  video.visibility = 'hidden'
  for (const album of db.albums.values())
    album.assetIds = album.assetIds.filter((id) => id !== video.id)
  db.touch(still, video)
}

/**
 * A picture that holds its motion half behind it (a Pixel's) gets that one as its video. Another that it had is deleted;
 * one of the same bytes is found.
 */
export function takeOutVideo(db: Db, asset: Asset, head: Buffer): Asset | undefined {
  const length = Number(/MicroVideoOffset="(\d+)"/.exec(head.toString('latin1'))?.[1])
  if (!length || asset.type !== 'IMAGE' || head.length < asset.size) return
  const bytes = head.subarray(asset.size - length)
  const checksum = createHash('sha1').update(bytes).digest('hex')
  const { fileCreatedAt, fileModifiedAt, livePhotoVideoId: old } = asset
  const name = asset.originalFileName
  const there = db.byChecksum(checksum)
  const video =
    there ??
    db.add({
      checksum,
      originalFileName: `${name.slice(0, name.length - extname(name).length)}.mp4`,
      size: length,
      fileCreatedAt,
      fileModifiedAt,
      visibility: 'hidden',
    })
  if (video.visibility === 'timeline') video.visibility = 'hidden'
  if (old === video.id) return
  asset.livePhotoVideoId = video.id
  db.touch(asset, video)
  if (old) db.remove(old)
  return there ? undefined : video
}

/** A date with an offset that no country has today is dropped whole. */
function isTaken(date: string) {
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)$/.exec(date) ?? []
  const ahead = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  if (!sign || ahead % 60 === 0) return !sign || (ahead >= -11 * 60 && ahead <= 14 * 60)
  return ODD_OFFSETS.includes(ahead)
}
const ODD_OFFSETS = [
  -570, -510, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 585, 630, 765, 825,
]

const hasPlace = (latitude = 0, longitude = 0) => latitude !== 0 || longitude !== 0
const offsetOf = (date: string) => /(Z|[+-]\d\d:?\d\d)$/.exec(date)?.[1]

/** `UTC+2` for `+02:00`, as the server calls a zone that it knows by its offset alone. */
function offsetZone(date: string | undefined) {
  const offset = date && offsetOf(date)
  if (!offset) return null
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? []
  if (!sign || (Number(hours) === 0 && Number(minutes) === 0)) return 'UTC+0'
  return `UTC${sign}${Number(hours)}${Number(minutes) ? `:${minutes}` : ''}`
}

async function stillTags(head: Buffer, asset: Asset): Promise<Tags> {
  const { width, height, contentId } = await readHead(head, asset.originalFileName)
  let read: ExifReader.ExpandedTags
  try {
    read = ExifReader.load(head, { expanded: true })
  } catch {
    return clean({ width, height, contentId })
  }
  const { exif = {}, gps } = read
  const text = (name: keyof ExifReader.ExifTags) => {
    const value = exif[name] as { value?: unknown; description?: string } | undefined
    const raw = Array.isArray(value?.value) ? value.value[0] : value?.value
    return typeof raw === 'string' && raw.trim() ? raw : undefined
  }
  const taken = text('DateTimeOriginal') ?? text('DateTimeDigitized')
  const parts = taken && /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(taken)
  const fraction = text('SubSecTimeOriginal')?.trim()
  const offset = text('OffsetTimeOriginal')?.trim()
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined)
  return clean({
    date: parts
      ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}${fraction ? `.${fraction}` : ''}${offset ?? ''}`
      : undefined,
    latitude: gps?.Latitude,
    longitude: gps?.Longitude,
    imageDescription: exif.ImageDescription?.description || undefined,
    make: text('Make'),
    model: text('Model'),
    orientation: number(exif.Orientation?.value),
    rating: number((exif as Record<string, { value?: unknown }>).Rating?.value),
    width,
    height,
    contentId,
  })
}

async function movieTags(head: Buffer, asset: Asset): Promise<Tags> {
  const { instant, place, width, height, local, offset, contentId } = await readHead(
    head,
    asset.originalFileName,
  )
  return clean({
    date: local && offset ? `${local}${offset}` : undefined,
    instant: instant === undefined ? undefined : instant * 1000,
    latitude: place?.[0],
    longitude: place?.[1],
    orientation: 1,
    width,
    height,
    contentId,
  })
}

/** The properties that the server reads from an uploaded XMP. */
export function readXmp(text: string): Sidecar {
  let document: ReturnType<DOMParser['parseFromString']>
  try {
    document = new DOMParser({ onError: () => {} }).parseFromString(text, 'text/xml')
  } catch {
    return {}
  }
  const values = (name: string) => {
    const [element] = [...document.getElementsByTagName(name)]
    if (!element) return []
    const items = [...element.getElementsByTagName('rdf:li')]
    const texts = items.length ? items.map((item) => item.textContent) : [element.textContent]
    return texts.map((value) => value ?? '').filter((value) => value.trim())
  }
  // A property may stand as an attribute of its rdf:Description, too.
  const value = (name: string) => {
    const holders = [...document.getElementsByTagName('rdf:Description')]
    return (
      values(name)[0] ??
      holders.map((holder) => holder.getAttribute(name)).find(Boolean) ??
      undefined
    )
  }
  const number = (name: string) => {
    const given = value(name)
    return given === undefined || Number.isNaN(Number(given)) ? undefined : Number(given)
  }
  const listed = values('digiKam:TagsList')
  const tags = listed.length
    ? listed
    : values('lr:HierarchicalSubject').map((tag) => tag.replaceAll('|', '/'))
  return clean({
    date: value('exif:DateTimeOriginal')?.trim(),
    offset: value('exif:OffsetTimeOriginal')?.trim(),
    latitude: degrees(value('exif:GPSLatitude')),
    longitude: degrees(value('exif:GPSLongitude')),
    description: value('dc:description'),
    imageDescription: value('tiff:ImageDescription'),
    rating: number('xmp:Rating'),
    tags: tags.length ? tags : undefined,
  })
}

/** `-33.8688` or `33,52.128S`. */
function degrees(text: string | undefined) {
  if (text === undefined) return undefined
  const parts = /^(\d+),([\d.]+)(?:,([\d.]+))?([NSEW])$/.exec(text.trim())
  if (!parts) return Number.isNaN(Number(text)) ? undefined : Number(text)
  const value = Number(parts[1]) + Number(parts[2]) / 60 + Number(parts[3] ?? 0) / 3600
  return /[SW]/.test(parts[4] ?? '') ? -value : value
}

/** ms that a zone is ahead of UTC at an instant. */
function shift(instant: number, zone: string) {
  const fixed = /^UTC([+-])(\d+)(?::(\d\d))?$/.exec(zone)
  if (fixed)
    return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * 60_000
  const local = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(instant)
  return Date.parse(`${local.replace(' ', 'T')}Z`) - Math.floor(instant / 1000) * 1000
}

// The server reads its tags as JSON, where what looks like a number becomes one.
function asTyped(text: string) {
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim())
    ? String(Number(text))
    : text
}

function clean<T extends object>(tags: T): T {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined)) as T
}
