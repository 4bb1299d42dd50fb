import { basename, dirname } from 'node:path'
import type { Alike } from '../dedupe/report.ts'
import type { Member } from '../dupes/deciding.ts'
import { size } from '../progress.ts'
import type { Asset, Photo, Place } from '../state/records.ts'
import type { Fact } from './items.ts'

/** What one side says of itself, by the names of the rows. */
export type Said = Record<string, string | undefined>

// Of these everyone has their own.
const OWN = ['on the server since', 'SHA1', 'where', 'folder']

/** Rows of a table: each fact that any side tells, what they tell differently first, then what only some tell. */
export function table(sides: Said[]): Fact[] {
  const names = [...new Set(sides.flatMap((side) => Object.keys(side)))]
  const rows = names.flatMap((name): Fact[] => {
    const values = sides.map((side) => side[name] ?? '')
    const told = new Set(values.filter(Boolean))
    if (told.size === 0) return []
    const isLacking = values.includes('')
    if (OWN.includes(name) || (told.size === 1 && !isLacking)) return [{ name, values }]
    return [{ name, values, mark: told.size > 1 ? 'differs' : 'lacks' }]
  })
  const order = ({ name, mark }: Fact) =>
    OWN.includes(name) ? 3 : mark === 'differs' ? 0 : mark === 'lacks' ? 1 : 2
  return rows.sort((a, b) => order(a) - order(b))
}

export function memberFacts(one: Member): Said {
  const { make = '', model = '', city, country, rating, seconds, tags, people } = one
  const camera = model.startsWith(make) ? model : `${make} ${model}`
  const where = [city, country].filter(Boolean).join(', ')
  return {
    name: one.name,
    pixels: pixels(one),
    bytes: one.size === undefined ? undefined : size(one.size),
    length: seconds === undefined ? undefined : `${Math.round(seconds * 10) / 10} s`,
    taken: one.taken && moment(one.taken),
    zone: one.zone,
    place: one.place && [place(one.place), where].filter(Boolean).join(' · '),
    camera: camera.trim() || undefined,
    lens: one.lens,
    caption: one.description,
    rating: rating === undefined || rating < 1 ? undefined : '★'.repeat(rating),
    heart: one.favorite && 'yes',
    shown: one.visibility === 'timeline' ? undefined : one.visibility,
    'live video': one.live && 'yes',
    'edited in Immich': one.edited && 'yes',
    albums: one.albums && String(one.albums.length),
    tags: tags?.join(', '),
    people: people?.map(({ name }) => name || 'without a name').join(', '),
    stack: one.stack && 'yes',
    'on the server since': one.created && moment(one.created),
    SHA1: one.sha1.slice(0, 12),
  }
}

export function photoFacts(photo: Photo, albums: string[], where: string): Said {
  const [file] = photo.files
  const { width, height } = { ...file?.head, ...photo.picked }
  return {
    name: photo.title,
    pixels: pixels({ width, height }),
    bytes: file && size(file.size),
    taken: photo.taken === null ? undefined : moment(new Date(photo.taken * 1000).toISOString()),
    place: photo.place && place(photo.place),
    caption: photo.description,
    heart: photo.favorite && 'yes',
    shown: photo.archived && 'archive',
    albums: albums.join(', ') || undefined,
    where,
  }
}

export function assetFacts(asset: Asset, albums: string[]): Said {
  return {
    name: asset.name,
    pixels: pixels(asset),
    bytes: asset.size === null ? undefined : size(asset.size),
    taken: moment(asset.taken),
    place: asset.place && place(asset.place),
    caption: asset.description,
    heart: asset.favorite && 'yes',
    shown: asset.trashed ? 'in the trash' : asset.visibility === 'archive' ? 'archive' : undefined,
    albums: albums.join(', ') || undefined,
    where: asset.library ? 'an external library of Immich' : 'Immich',
  }
}

export function fileFacts(one: Alike): Said {
  const [, ...others] = one.files.map(({ path }) => basename(path))
  return {
    name: basename(one.path),
    pixels: pixels(one),
    bytes: size(one.size),
    taken: one.taken?.replace('T', ' '),
    'together with': others.join(', ') || undefined,
    folder: dirname(one.path),
  }
}

function pixels({ width, height }: { width?: number | undefined; height?: number | undefined }) {
  if (!width || !height) return undefined
  const mega = (width * height) / 1e6
  return `${width} × ${height}${mega < 0.1 ? '' : ` (${mega.toFixed(1)} MP)`}`
}

/** To the second, so that no fraction makes a difference. */
function moment(iso: string) {
  const time = Date.parse(iso)
  if (Number.isNaN(time)) return iso
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

// Four decimals, as Immich shows them.
const place = ([latitude, longitude]: Place) => `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`
