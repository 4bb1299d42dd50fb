import { hierarchical, leaf, type XmpFields } from '../picture/xmp.ts'
import { samePlace } from '../time.ts'

/** What is said of a photo, in its sidecar or inside its file. */
export type Said = XmpFields

export type Lists = { tags: string[]; levels: string[]; words: string[] }
export type Is = Lists & { said: Said }

/** What exiftool is asked for. */
export const READ = [
  ...['Description', 'Subject'].map((name) => `-XMP-dc:${name}`),
  ...['DateTimeOriginal', 'GPSLatitude', 'GPSLongitude', 'GPSAltitude', 'GPSAltitudeRef'].map(
    (name) => `-XMP-exif:${name}`,
  ),
  '-XMP-tiff:ImageDescription',
  '-XMP-photoshop:DateCreated',
  '-XMP-xmp:Rating',
  '-XMP-digiKam:TagsList',
  '-XMP-lr:HierarchicalSubject',
  ...['ExifIFD:DateTimeOriginal', 'ExifIFD:OffsetTimeOriginal', 'IFD0:ImageDescription'],
  ...['Composite:GPSLatitude', 'Composite:GPSLongitude', 'Keys:CreationDate', 'Keys:Description'],
].map((name) => (name.startsWith('-') ? name : `-${name}`))

/** What a file or a sidecar says already, of what exiftool reads in it with READ. */
export function saidIn(raw: Record<string, unknown>): Is {
  const first = (...names: string[]) => names.map((name) => raw[name]).find((one) => one != null)
  const list = (name: string) => [raw[name] ?? []].flat().map(String)
  const [latitude, longitude] = ['Latitude', 'Longitude'].map((name) =>
    Number(first(`XMP-exif:GPS${name}`, `Composite:GPS${name}`) ?? Number.NaN),
  ) as [number, number]
  const clock = raw['ExifIFD:DateTimeOriginal']
  const own = clock === undefined ? undefined : `${clock}${raw['ExifIFD:OffsetTimeOriginal'] ?? ''}`
  const time = first('XMP-exif:DateTimeOriginal', 'XMP-photoshop:DateCreated') ?? own
  const instant = time ?? raw['Keys:CreationDate']
  const names = ['XMP-dc:Description', 'XMP-tiff:ImageDescription', 'IFD0:ImageDescription']
  const description = first(...names, 'Keys:Description')
  const rating = Number(raw['XMP-xmp:Rating'] ?? 0)
  const tags = list('XMP-digiKam:TagsList')
  return {
    said: {
      ...(instant !== undefined && { instant: asIso(String(instant)) }),
      ...(Number.isFinite(latitude + longitude) && { place: [latitude, longitude] }),
      ...(description !== undefined && { description: String(description) }),
      ...(tags.length > 0 && { tags }),
      ...(rating !== 0 && { rating }),
    },
    tags,
    levels: list('XMP-lr:HierarchicalSubject'),
    words: list('XMP-dc:Subject'),
  }
}

/** `2021:03:04 10:11:12+01:00` as ISO. */
const asIso = (text: string) => text.replace(/^(\d{4}):(\d\d):(\d\d) /, '$1-$2-$3T')

export type Change = {
  instant?: string | null
  offset?: string
  place?: Said['place'] | null
  description?: string | null
  rating?: number | null
  tag: string[]
  untag: string[]
}

/**
 * What has to be changed in what `is` there, so that it says what is said `now`: a field that is as we gave it `before`, or
 * was never given and is empty. All else is its owner's. null empties a field.
 */
export function changesOf(now: Said, before: Said, is: Said): Change {
  const change: Change = {
    tag: (now.tags ?? []).filter((tag) => !is.tags?.includes(tag) && !before.tags?.includes(tag)),
    untag: (before.tags ?? []).filter((tag) => is.tags?.includes(tag) && !now.tags?.includes(tag)),
  }
  const due = <T>(to: T | undefined, was: T | undefined, there: T | undefined, same: Same<T>) =>
    !same(to, there) && !(to === undefined && was === undefined) && same(was, there)
  if (due(now.instant, before.instant, is.instant, sameTime)) {
    change.instant = now.instant ?? null
    if (now.offset) change.offset = now.offset
  }
  if (due(now.place, before.place, is.place, samePlace)) change.place = now.place ?? null
  if (due(now.description, before.description, is.description, sameText))
    change.description = now.description ?? null
  if (due(now.rating, before.rating, is.rating, Object.is)) change.rating = now.rating ?? null
  return change
}
type Same<T> = (a: T | undefined, b: T | undefined) => boolean
const sameText: Same<string> = (a = '', b = '') => tidy(a) === tidy(b)
const tidy = (text: string) => text.replace(/\r\n?/g, '\n').trim()
const sameTime: Same<string> = (a = '', b = '') => zoned(a) === zoned(b)
const zoned = (text: string) => text.replace(/\.\d+/, '').replace(/Z$/, '+00:00')

export type WriteTags = Record<string, string | number | string[] | null>

// exiftool reads entities in what it is given.
const text = (value: string | null | undefined) => value?.replaceAll('&', '&amp;') ?? null
const dated = (iso: string | null) =>
  iso === null ? null : iso.replace(/^(\d{4})-(\d\d)-(\d\d)T/, '$1:$2:$3 ')

/** The change in XMP, of a sidecar or inside a file. */
export function xmpTags(
  { instant, offset, place, description, rating, ...change }: Change,
  is: Lists,
) {
  const tags: WriteTags = {}
  if (description !== undefined)
    tags['XMP-dc:Description'] = tags['XMP-tiff:ImageDescription'] = text(description)
  if (instant !== undefined)
    tags['XMP-exif:DateTimeOriginal'] = tags['XMP-photoshop:DateCreated'] = dated(instant)
  if (offset !== undefined) tags['XMP-exif:OffsetTimeOriginal'] = offset
  if (place !== undefined) {
    const [latitude = null, longitude = null, altitude = null] = place ?? []
    tags['XMP-exif:GPSLatitude'] = latitude
    tags['XMP-exif:GPSLongitude'] = longitude
    tags['XMP-exif:GPSAltitude'] = altitude === null ? null : Math.abs(altitude)
    tags['XMP-exif:GPSAltitudeRef#'] = altitude === null ? null : Number(altitude < 0)
  }
  if (rating !== undefined) tags['XMP-xmp:Rating'] = rating
  const { tag, untag } = change
  if (tag.length + untag.length === 0) return tags
  const joined = (list: string[], named: (tag: string) => string) => {
    const [more, less] = [tag.map(named), untag.map(named)]
    return [...new Set([...list.filter((one) => !less.includes(one)), ...more])].map((one) =>
      one.replaceAll('&', '&amp;'),
    )
  }
  tags['XMP-digiKam:TagsList'] = joined(is.tags, (tag) => tag)
  tags['XMP-lr:HierarchicalSubject'] = joined(is.levels, hierarchical)
  tags['XMP-dc:Subject'] = joined(is.words, leaf)
  return tags
}

/** The change in EXIF. */
export function stillTags({ instant, place, description }: Change) {
  const tags: WriteTags = {}
  if (description !== undefined) tags['IFD0:ImageDescription'] = text(description)
  if (instant !== undefined) {
    const [clock, offset] = split(instant)
    tags['ExifIFD:DateTimeOriginal'] = dated(clock)
    tags['ExifIFD:OffsetTimeOriginal'] = offset
  }
  if (place !== undefined) {
    const [latitude = null, longitude = null, altitude = null] = place ?? []
    tags['GPS:GPSLatitude'] = tags['GPS:GPSLatitudeRef'] = latitude
    tags['GPS:GPSLongitude'] = tags['GPS:GPSLongitudeRef'] = longitude
    tags['GPS:GPSAltitude'] = tags['GPS:GPSAltitudeRef'] = altitude
  }
  return tags
}

/** The change in a movie: its clocks are UTC, which exiftool makes of a time with its offset. */
export function movieTags({ instant, place, description }: Change) {
  const tags: WriteTags = {}
  if (description !== undefined) tags['Keys:Description'] = text(description)
  if (instant != null) {
    for (const name of ['CreateDate', 'TrackCreateDate', 'MediaCreateDate'])
      tags[`QuickTime:${name}`] = dated(instant)
    tags['Keys:CreationDate'] = dated(instant)
  }
  if (place !== undefined) tags['Keys:GPSCoordinates'] = place?.join(', ') ?? null
  return tags
}

/** `2021-03-04T10:11:12+01:00` -> its clock and its offset. */
function split(iso: string | null): [string | null, string | null] {
  const found = /^(.*?)(Z|[+-]\d\d:\d\d)?$/.exec(iso ?? '')
  return iso === null
    ? [null, null]
    : [found?.[1] ?? null, (found?.[2] ?? 'Z').replace('Z', '+00:00')]
}
