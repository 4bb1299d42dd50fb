import { createHash } from 'node:crypto'
import { createWriteStream, readFileSync } from 'node:fs'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { ZipFile } from 'yazl'
import type { Place } from '../../lib/state/records.ts'
import { type Exif, withExif } from './exif.ts'
import { landscape } from './landscape.ts'

/** One media file of an export, with or without its sidecar; or (`media: false`) a sidecar alone. */
export type Shot = {
  /** Inside the product folder, e.g. `Photos from 2024`. */
  folder: string
  /** As the export spells it. */
  name: string
  /** The upload name in the sidecar; by default the name. */
  title?: string
  /** UTC seconds; by default noon of 1 June 2024. */
  taken?: number
  /** The picture: a landscape drawn from this seed (by default from the title and `taken`) ... */
  seed?: number
  size?: [width: number, height: number]
  warm?: boolean
  /** ... or a file of test/fixtures/samples, or these bytes. */
  sample?: string
  bytes?: Buffer
  /** Of the place and season where it was taken; by default `+02:00`. */
  offset?: string
  /** Laid over the default: `taken` as a wall clock with its offset, and the place. null: no EXIF. */
  exif?: Exif | null
  /** Which generation of names, or the whole name; false: none. */
  sidecar?: 'full' | 'cut' | 'v1' | `${string}.json` | false
  facts?: {
    description?: string
    place?: Place
    people?: string[]
    favorite?: true
    archived?: true
    trashed?: true
    partner?: true
    /** By default made from `photo`. */
    url?: string
  }
  /** Laid over the sidecar, for what `facts` cannot say. */
  json?: object
  media?: false
  /** This file is the edited copy or the motion half of `of`, a name in the same folder. */
  role?: 'edited' | 'motion'
  of?: string
  /** Shots of one photo have this in common; by default title and `taken`. */
  photo?: string
  /** From 1; by default media follow each other over the parts, and a sidecar lies with its media. */
  part?: number
  sidecarPart?: number
}

export type AlbumFolder = {
  folder: string
  title: string
  description?: string
  /** UTC seconds. */
  date?: number
  /** By default metadata.json. */
  file?: string
  part?: number
}

export type Description = {
  /** By default `Google Photos`. */
  product?: string
  shots: Shot[]
  albums?: AlbumFolder[]
  /** Other files, by their path below `Takeout/`. */
  others?: { path: string; text: string; part?: number }[]
}

export type ExpectedPhoto = {
  key: string
  title: string
  kind: 'image' | 'video'
  /** UTC seconds, of the sidecar; null where there is none. */
  taken: number | null
  /** Of the original (the largest of its copies), hex. */
  sha1: string
  size: number
  /** SHA-1 of the edited copies, and of the motion half. */
  edited: string[]
  motion: string | null
  /** Folders of the albums that it is in. */
  albums: string[]
} & Omit<NonNullable<Shot['facts']>, 'url'>

/** What a perfect transfer makes of it. */
export type Expected = {
  photos: ExpectedPhoto[]
  albums: { folder: string; title: string; description?: string; photos: string[] }[]
  /** Paths of sidecars whose media are nowhere. */
  orphans: string[]
  /** The rows of the final account: all files of all parts. */
  files: { media: number; sidecars: number; albums: number; others: number }
  /** On the server, trashed photos left out: visible assets, and hidden motion halves. */
  assets: { visible: number; hidden: number }
}

type Options = {
  parts?: number
  format?: 'zip' | 'tgz' | 'folder'
  /** When the export was made; part of the archives' names. */
  stamp?: string
}

type Entry = { path: string; data: Buffer; part: number }

/**
 * Writes an export of real pictures below the folder `target`: parts named as Google does, or (format
 * `folder`) one unpacked `Takeout`. The same description gives the same bytes. `paths` are the parts, or
 * the folder.
 */
export async function makeTakeout(
  target: string,
  description: Description,
  { parts = 2, format = 'zip', stamp = '20260115T101500Z' }: Options = {},
): Promise<{ paths: string[]; expected: Expected }> {
  const { product = 'Google Photos', shots, albums = [], others = [] } = description
  const root = `Takeout/${product}`
  const media: (Entry & { shot: Shot })[] = []
  const sidecars: (Entry & { shot: Shot })[] = []
  for (const [n, shot] of shots.entries()) {
    const part = shot.part ?? 1 + Math.floor((n * parts) / shots.length)
    const at = `${root}/${shot.folder}`
    if (shot.media !== false)
      media.push({ path: `${at}/${shot.name}`, data: bytesOf(shot), part, shot })
    if (shot.sidecar === false || shot.role) continue
    const path = `${at}/${sidecarName(shot)}`
    sidecars.push({ path, data: json(sidecarOf(shot)), part: shot.sidecarPart ?? part, shot })
  }
  const albumFiles = albums.map((album) => ({
    path: `${root}/${album.folder}/${album.file ?? 'metadata.json'}`,
    data: json(albumOf(album)),
    part: album.part ?? 1,
  }))
  const rest = others.map(({ path, text, part = 1 }) => {
    return { path: `Takeout/${path}`, data: Buffer.from(text), part }
  })
  const entries: Entry[] = [...albumFiles, ...media, ...sidecars, ...rest]

  const made = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const date = new Date(made)
  await mkdir(target, { recursive: true })
  const paths: string[] = []
  if (format === 'folder') {
    for (const { path, data } of entries) {
      await mkdir(join(target, dirname(path)), { recursive: true })
      await writeFile(join(target, path), data)
      await utimes(join(target, path), date, date)
    }
    paths.push(join(target, 'Takeout'))
  } else {
    for (let part = 1; part <= parts; part++) {
      const number = String(part).padStart(3, '0')
      const path = join(target, `takeout-${stamp}-3-${number}.${format}`)
      const own = entries.filter((entry) => entry.part === part)
      await (format === 'zip' ? writeZip : writeTgz)(path, own, date)
      paths.push(path)
    }
  }
  const { photos, members, orphans } = photosOf(media, sidecars, albums)
  return {
    paths,
    expected: {
      photos,
      albums: albums.map(({ folder, title, description }) => ({
        folder,
        title,
        ...(description && { description }),
        photos: members.get(folder) ?? [],
      })),
      orphans,
      files: {
        media: media.length,
        sidecars: sidecars.length,
        albums: albumFiles.length,
        others: rest.length,
      },
      assets: {
        visible: sum(photos, ({ trashed, edited }) => (trashed ? 0 : 1 + edited.length)),
        hidden: sum(photos, ({ trashed, motion }) => (trashed || !motion ? 0 : 1)),
      },
    },
  }
}

const keyOf = (shot: Shot) => shot.photo ?? `${shot.title ?? shot.name}@${shot.taken ?? NOON}`
const NOON = Date.UTC(2024, 5, 1, 12) / 1000

function photosOf(
  media: { shot: Shot; data: Buffer; path: string }[],
  sidecars: { shot: Shot; path: string }[],
  albums: AlbumFolder[],
) {
  const isAlbum = new Set(albums.map(({ folder }) => folder))
  const photos = new Map<string, ExpectedPhoto>()
  const members = new Map<string, string[]>()
  const stills = new Map(media.map(({ shot }) => [`${shot.folder}/${shot.name}`, keyOf(shot)]))
  for (const { shot, data } of media.filter(({ shot }) => !shot.role)) {
    const key = keyOf(shot)
    const photo = photos.get(key)
    if (photo && photo.size >= data.length) continue
    const { url: _, ...facts } = shot.facts ?? {}
    photos.set(key, {
      key,
      title: shot.title ?? shot.name,
      kind: /^\.(mp4|mov|m4v|3gp)$/i.test(extname(shot.name)) ? 'video' : 'image',
      taken: shot.sidecar === false ? null : (shot.taken ?? NOON),
      sha1: sha1(data),
      size: data.length,
      edited: [],
      motion: null,
      albums: [],
      ...facts,
    })
  }
  for (const { shot, data } of media.filter(({ shot }) => shot.role)) {
    const photo = photos.get(stills.get(`${shot.folder}/${shot.of}`) ?? '')
    if (!photo) throw new Error(`${shot.name} belongs to ${shot.of}, which is not there`)
    if (shot.role === 'motion') photo.motion = sha1(data)
    else if (!photo.edited.includes(sha1(data))) photo.edited.push(sha1(data))
  }
  for (const { shot } of [...media.filter(({ shot }) => !shot.role), ...sidecars]) {
    const photo = photos.get(keyOf(shot))
    if (!photo || !isAlbum.has(shot.folder) || photo.albums.includes(shot.folder)) continue
    photo.albums.push(shot.folder)
    members.set(shot.folder, [...(members.get(shot.folder) ?? []), photo.key])
  }
  const orphans = sidecars.filter(({ shot }) => !photos.has(keyOf(shot))).map(({ path }) => path)
  return { photos: [...photos.values()], members, orphans }
}

const drawn = new Map<string, Buffer>()

/** The bytes of a shot's media file. */
export function bytesOf(shot: Shot): Buffer {
  if (shot.bytes) return shot.bytes
  if (shot.sample) {
    return readFileSync(join(import.meta.dirname, '../fixtures/samples', shot.sample))
  }
  const [width, height] = shot.size ?? [320, 240]
  const seed = shot.seed ?? createHash('sha1').update(keyOf(shot)).digest().readUInt32BE()
  const scene = { seed, width, height, warm: shot.warm ?? false }
  const id = JSON.stringify(scene)
  const jpeg = drawn.get(id) ?? landscape(scene)
  drawn.set(id, jpeg)
  if (shot.exif === null) return jpeg
  const offset = shot.offset ?? '+02:00'
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number)
  const shift = (hours * 60 + minutes) * 60 * (offset.startsWith('-') ? -1 : 1)
  const local = new Date(((shot.taken ?? NOON) + shift) * 1000).toISOString().slice(0, 19)
  const place = shot.facts?.place
  return withExif(jpeg, { local, offset, ...(place && { place }), ...shot.exif })
}

/** `IMG(1).jpg` of the title `IMG.jpg` has its number behind the marker, and is cut without it. */
function sidecarName({ name, title = name, sidecar = 'full' }: Shot) {
  if (typeof sidecar === 'string' && sidecar.endsWith('.json')) return sidecar
  const found = /^(.*)(\(\d+\))(\.[^.]*)?$/s.exec(name)
  const numbered = found && !title.includes(found[2] ?? '')
  const whole = numbered ? `${found[1]}${found[3] ?? ''}` : name
  const number = numbered ? found[2] : ''
  const marked = sidecar === 'v1' ? whole : `${whole}.supplemental-metadata`
  return `${sidecar === 'full' ? marked : marked.slice(0, 46)}${number}.json`
}

function sidecarOf(shot: Shot) {
  const { description = '', place, people, favorite, archived, trashed, partner } = shot.facts ?? {}
  const taken = shot.taken ?? NOON
  const [latitude, longitude, altitude = 0] = place ?? [0, 0]
  const geo = { latitude, longitude, altitude, latitudeSpan: 0, longitudeSpan: 0 }
  const id = createHash('sha256').update(keyOf(shot)).digest('base64url')
  return {
    title: shot.title ?? shot.name,
    description,
    imageViews: '3',
    creationTime: time(Math.max(taken, 1_262_304_000) + 3600),
    photoTakenTime: time(taken),
    geoData: geo,
    ...(place && { geoDataExif: geo }),
    ...(people && { people: people.map((name) => ({ name })) }),
    url: shot.facts?.url ?? `https://photos.google.com/photo/AF1Qip${id}`,
    ...(favorite && { favorited: true }),
    ...(archived && { archived: true }),
    ...(trashed && { trashed: true }),
    googlePhotosOrigin: partner
      ? { fromPartnerSharing: {} }
      : { mobileUpload: { deviceFolder: { localFolderName: '' }, deviceType: 'ANDROID_PHONE' } },
    ...shot.json,
  }
}

const albumOf = ({ title, description = '', date }: AlbumFolder) => ({
  title,
  description,
  access: 'protected',
  ...(date && { date: time(date) }),
  location: '',
  geoData: { latitude: 0, longitude: 0, altitude: 0, latitudeSpan: 0, longitudeSpan: 0 },
})

const time = (seconds: number) => ({
  timestamp: String(seconds),
  formatted: new Date(seconds * 1000).toUTCString().replace('GMT', 'UTC'),
})
const json = (value: object) => Buffer.from(JSON.stringify(value, null, 2))
const sha1 = (data: Buffer) => createHash('sha1').update(data).digest('hex')
const sum = <T>(items: T[], of: (item: T) => number) =>
  items.reduce((all, item) => all + of(item), 0)

async function writeZip(path: string, entries: Entry[], mtime: Date) {
  const zip = new ZipFile()
  for (const [n, { path, data }] of entries.entries()) {
    // Google stores some media and deflates others.
    const compress = !/\.(jpe?g|heic|mp4|mov)$/i.test(basename(path)) || n % 3 === 0
    zip.addBuffer(data, path, { mtime, compress, mode: 0o100644 })
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
}

async function writeTgz(path: string, entries: Entry[], mtime: Date) {
  const tar = pack()
  for (const { path, data } of entries) tar.entry({ name: path, mtime, mode: 0o644 }, data)
  tar.finalize()
  await pipeline(Readable.from(tar), createGzip(), createWriteStream(path))
}
