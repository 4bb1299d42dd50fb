import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Album, Facts, Photo } from '../../lib/state/records.ts'
import { assemble, type Library } from '../../lib/takeout/library.ts'
import type { ExportFile } from '../../lib/takeout/takeout.ts'

const ROOT = 'Takeout/Google Photos'
/** Noon of 1 June 2021, UTC. */
export const NOON = Date.UTC(2021, 5, 1, 12) / 1000

/** A media file by its path inside the product folder. Its bytes are told by `bytes`, by default its path. */
export function media(
  path: string,
  {
    part = 'one',
    bytes = path,
    size = 1000,
    ...more
  }: { part?: string; bytes?: string; size?: number } & Partial<ExportFile> = {},
): ExportFile {
  const crc = createHash('sha1').update(bytes).digest('hex').slice(0, 8)
  return { part, path: `${ROOT}/${path}`, size, crc, ...more }
}

/** The sidecar of a media path, its link made from the title and the time. */
export function sidecar(
  path: string,
  facts: Facts = {},
  { part = 'one', comments }: { part?: string; comments?: string[] } = {},
): ExportFile {
  const { title = basename(path), taken = NOON } = facts
  const url = `https://photos.google.com/photo/${title}${taken}`
  const json = { kind: 'photo', facts: { title, taken, url, ...facts } } as const
  const name = `${ROOT}/${path}.supplemental-metadata.json`
  return { part, path: name, size: 700, crc: null, json, ...(comments && { comments }) }
}

/** A media file and its sidecar. */
export const shot = (path: string, facts: Facts = {}, more: Parameters<typeof media>[1] = {}) => [
  media(path, more),
  sidecar(path, facts, more),
]

export function albumFile(
  folder: string,
  album: { title?: string; description?: string; date?: number; conversation?: true } = {},
  { part = 'one', comments }: { part?: string; comments?: string[] } = {},
): ExportFile {
  const json = { kind: 'album', title: folder, ...album } as const
  const path = `${ROOT}/${folder}/metadata.json`
  return { part, path, size: 90, crc: null, json, ...(comments && { comments }) }
}

/** Parts are their own exports here, unless told: `{ two: 'takeout-20260101T000000Z' }`. */
export const library = (
  files: ExportFile[],
  {
    exports = {},
    ...more
  }: { exports?: Record<string, string> } & Partial<Parameters<typeof assemble>[1]> = {},
) => assemble(files, { exportOf: (part) => exports[part] ?? 'export', ...more })

/** The only photo. */
export function onlyPhoto({ photos }: Library): Photo {
  const all = Object.values(photos)
  if (all.length !== 1) throw new Error(`${all.length} photos`)
  return all[0] as Photo
}

/** Roles by path inside the product folder, `copy` and all. */
export function roles({ rows }: Library): Record<string, string> {
  return Object.fromEntries(
    [...rows].flatMap(([{ path }, { role, photo }]) =>
      photo && role !== 'sidecar' ? [[path.slice(ROOT.length + 1), role]] : [],
    ),
  )
}

/** Albums by title, each with the titles of its photos. */
export function albumsByTitle({ albums, photos }: Library): Record<string, string[]> {
  const titles = ({ photos: ids }: Album) => ids.map((id) => photos[id]?.title ?? '?').sort()
  return Object.fromEntries(Object.values(albums).map((album) => [album.title, titles(album)]))
}
