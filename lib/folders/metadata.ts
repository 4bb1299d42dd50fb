import { rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { ExifTool } from 'exiftool-vendored'
import { hierarchical, leaf, type XmpFields, xmp } from '../picture/xmp.ts'
import { doing } from '../spent.ts'
import { Fail } from '../stage.ts'
import { samePlace } from '../time.ts'
import { type Draft, draft, drop, lookAt, place, putOver, written } from './writing.ts'

/** What is said of a photo, in its sidecar or inside its file. */
export type Said = XmpFields

/** How digiKam, darktable and Immich call the sidecar of a file. */
export const sidecarOf = (path: string) => `${path}.xmp`

/** SHA-1 of a sidecar that is wholly ours; `merged` where others have a share in it, `kept` where it could not be read. */
export type Sidecar = string

/**
 * Sees to it that the sidecar of a file says all this. One that others wrote or changed is merged into by exiftool: what
 * was empty is filled, what still is as we gave it `before` is renewed, all else stays. Never written over.
 */
export async function putSidecar(
  file: string,
  said: Said,
  before?: { said?: Said; sidecar?: Sidecar },
): Promise<Sidecar> {
  const path = sidecarOf(file)
  const made = await draft(dirname(path), basename(path), [
    Buffer.from(xmp(said, { forAll: true })),
  ])
  const there = await lookAt(path)
  if (!there || there.sha1 === before?.sidecar) {
    if (there) await putOver(made, path)
    else if (!(await place(made.path, path))) return putSidecar(file, said, before)
    return made.sha1
  }
  await drop(made)
  if (there.sha1 === made.sha1) return made.sha1
  const tool = await exiftool()
  const is = await saidIn(tool, path).catch(() => undefined)
  if (!is) return 'kept'
  const tags = xmpTags(changesOf(said, before?.said ?? {}, is.said), is)
  if (Object.keys(tags).length === 0) return 'merged'
  const merged = await rewritten(tool, path, made.path, tags, []).catch(() => undefined)
  if (!merged) return 'kept'
  // Its owner may be at it at this moment.
  if ((await lookAt(path))?.sha1 === there.sha1) await putOver(merged, path)
  else await drop(merged)
  return 'merged'
}

const STILLS = new Set(['jpg', 'tiff', 'png', 'heic', 'heif', 'avif', 'webp', 'jxl'])
const MOVIES = new Set(['mp4', 'mov', 'm4v', '3gp'])

/** Whether metadata is written into files of this type; not into RAW files, which nobody should touch. */
export const isWritable = (type: string | undefined) =>
  STILLS.has(type ?? '') || MOVIES.has(type ?? '')

/**
 * A draft of a file with what is said written into it, beside `source`; its picture is the same, as exiftool's hash of the
 * image data tells. `before` is what we had written into it; without it the file is new, and what is said wins. The
 * file at `source` itself where nothing has to be changed; undefined where it cannot be written.
 */
export async function embedded(
  source: Draft,
  type: string,
  said: Said,
  { before, modified, name }: { before?: Said; modified?: number; name: string },
): Promise<Draft | undefined> {
  const tool = await exiftool()
  const over = doing('metadata')
  try {
    const is = await saidIn(tool, source.path)
    const change = changesOf(said, before ?? is.said, is.said)
    const tags = { ...xmpTags(change, is), ...(MOVIES.has(type) ? movieTags : stillTags)(change) }
    if (Object.keys(tags).length === 0) return source
    const target = `${dirname(source.path)}/.${name}.new.photoferry-part`
    const made = await rewritten(tool, source.path, target, tags, ['-api', 'QuickTimeUTC=1'])
    const [a, b] = [await pictureHash(tool, source.path), await pictureHash(tool, target)]
    if (a !== undefined && a === b) return await written(made.path, modified)
    await drop(made)
  } catch (error) {
    if (error instanceof Fail) throw error
  } finally {
    over()
  }
}

let tool: Promise<ExifTool> | undefined

/** Started when it is first needed. Throws Fail where it does not run. */
function exiftool(): Promise<ExifTool> {
  tool ??= import('exiftool-vendored').then(async ({ ExifTool }) => {
    const made = new ExifTool({ maxProcs: 2, taskTimeoutMillis: 600_000, useMWG: false })
    await made.version().catch((error) => {
      throw new Fail(
        `Cannot merge metadata: exiftool does not run (${(error as Error).message.split('\n')[0]}): install perl, or use --metadata none`,
      )
    })
    return made
  })
  return tool
}

/** Ends exiftool, which else keeps the process alive. */
export async function endMetadata(): Promise<void> {
  await (await tool?.catch(() => undefined))?.end()
  tool = undefined
}

type Lists = { tags: string[]; levels: string[]; words: string[] }
type Is = Lists & { said: Said }

const READ = [
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

/** What a file or a sidecar says already. */
async function saidIn(tool: ExifTool, path: string): Promise<Is> {
  const raw = (await tool.readRaw(path, { readArgs: ['-G1', '-n', ...READ] })) as Record<
    string,
    unknown
  >
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

type Change = {
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

type WriteTags = Record<string, string | number | string[] | null>

// exiftool reads entities in what it is given.
const text = (value: string | null | undefined) => value?.replaceAll('&', '&amp;') ?? null
const dated = (iso: string | null) =>
  iso === null ? null : iso.replace(/^(\d{4})-(\d\d)-(\d\d)T/, '$1:$2:$3 ')

/** The change in XMP, of a sidecar or inside a file. */
function xmpTags({ instant, offset, place, description, rating, ...change }: Change, is: Lists) {
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
function stillTags({ instant, place, description }: Change) {
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
function movieTags({ instant, place, description }: Change) {
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

/** A copy at `target` with these tags, on disk. */
async function rewritten(
  tool: ExifTool,
  source: string,
  target: string,
  tags: WriteTags,
  more: string[],
): Promise<Draft> {
  await rm(target, { force: true })
  const { created } = await tool.write(source, tags as never, {
    writeArgs: ['-o', target, ...more],
  })
  if (created !== 1) throw new Error(`exiftool made no copy of ${source}`)
  return written(target)
}

/** exiftool's hash of the picture alone, whatever stands around it. */
async function pictureHash(tool: ExifTool, path: string) {
  const readArgs = ['-api', 'RequestTags=ImageDataHash', '-ImageDataHash']
  const { ImageDataHash } = (await tool.readRaw(path, { readArgs })) as Record<string, string>
  return ImageDataHash
}
