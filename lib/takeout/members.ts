import { createHash } from 'node:crypto'
import { push } from '../pairing/folder.ts'
import { withoutExtension } from '../pairing/naming.ts'
import type { Album, Photo } from '../state/records.ts'
import { type Account, drop, enter, leave } from './account.ts'
import type { Folder, Media, Sidecar } from './exported.ts'
import { LOST } from './reasons.ts'
import type { ExportFile } from './takeout.ts'

/**
 * The albums of all exports with their members (design section 5, rule 8): the photos whose files lie in the folder, and
 * those of which only a sidecar does. Folders come the oldest export first; of one album in several the newest speaks,
 * and what an incremental export does not hold was not removed.
 */
export function albumsOf(
  folders: Folder[],
  photos: Record<string, Photo>,
  idOf: (one: Media) => string,
  old: Record<string, Album>,
  { memories = false, comments = false },
  account: Account,
): Record<string, Album> {
  const find = finder(folders, idOf, photos)
  const albums: Record<string, Album> = Object.create(null)
  const recognize = recognizer(old)
  for (const folder of folders) {
    const members = new Set(folder.media.map(idOf))
    const here = new Set(members)
    for (const orphan of folder.orphans) {
      const id = find(orphan)
      const missing = folder.refused.has(orphan) ? REFUSED : LOST
      const why = !id ? missing : here.has(id) ? ANOTHER : 'its photo lies in another folder'
      drop(account, orphan, 'sidecar', why)
      if (!id) continue
      members.add(id)
      enter(account, orphan, { role: 'sidecar', photo: id, why })
    }
    const album = albumOf(folder, [...members], account, comments)
    if (!album) continue
    if (folder.kind === 'memories' && !memories) album.leftOut = 'memories'
    const id = recognize(album, albums)
    const known = albums[id]
    albums[id] = known ? merge(known, album) : album
  }
  // In an order of their own, so that the same export always gives the same record.
  const age = (id: string) => photos[id]?.taken ?? Number.POSITIVE_INFINITY
  for (const album of Object.values(albums))
    album.photos.sort((a, b) => age(a) - age(b) || (a < b ? -1 : 1))
  return albums
}

const REFUSED = 'fits several files, so it is given to none'
const ANOTHER = 'its photo has another sidecar here'

function albumOf(
  { export: name, folder, kind, albumFiles }: Folder,
  photos: string[],
  account: Account,
  withComments: boolean,
): Album | undefined {
  const [file, ...again] = albumFiles
  const isAlbum = kind === 'album' || kind === 'memories'
  for (const other of isAlbum ? again : albumFiles)
    leave(account, other, isAlbum ? 'the same album file again' : 'album file of a year or a day')
  if (!isAlbum) return undefined
  const json = file?.json?.kind === 'album' ? file.json : undefined
  const comments = file?.comments
  if (file && comments) leave(account, file, 'comments on an album')
  const said = json?.description ?? ''
  const more = withComments ? (comments ?? []).filter((line) => !said.includes(line)) : []
  const text = [said, ...more].filter(Boolean).join('\n')
  return {
    title: json?.title || folder.slice(folder.lastIndexOf('/') + 1),
    folder,
    export: name,
    ...(file && { file: placeOf(file) }),
    photos,
    ...(text && { description: text }),
    ...(json?.date !== undefined && { date: json.date }),
  }
}

const placeOf = ({ part, path }: ExportFile) => ({ part, path })

function merge(known: Album, album: Album): Album {
  const { export: name, folder, title, date, file, also = [] } = known
  return {
    ...album,
    ...(known.description && !album.description && { description: known.description }),
    photos: [...new Set([...known.photos, ...album.photos])],
    also: [
      ...also,
      { export: name, folder, title, ...(date !== undefined && { date }), ...(file && { file }) },
    ],
  }
}

/** Finds the photo of a sidecar that lies alone: by its link, then by title and time where only one photo has them. */
function finder(
  folders: Folder[],
  idOf: (one: Media) => string,
  photos: Record<string, Photo>,
): (orphan: Sidecar) => string | undefined {
  if (folders.every(({ orphans }) => orphans.length === 0)) return () => undefined
  const known = new Map<string, string | null>()
  const note = (key: string, id: string) =>
    known.set(key, (known.get(key) ?? id) === id && known.get(key) !== null ? id : null)
  for (const one of folders.flatMap(({ media }) => media)) {
    if (!one.sidecar || one.of || !one.pair.certain || !photos[idOf(one)]) continue
    for (const key of keysOf(one.sidecar)) note(key, idOf(one))
  }
  return (orphan) => {
    for (const key of keysOf(orphan)) {
      const id = known.get(key)
      if (id) return id
    }
    return undefined
  }
}

function keysOf({ json: { facts } }: Sidecar): string[] {
  const { url, title, taken } = facts
  const name = title?.normalize('NFC')
  if (!name || taken === undefined) return url ? [url] : []
  const bare = withoutExtension(name) ?? name
  return [...(url ? [url] : []), `${name}\0${taken}`, `\0${bare}\0${taken}`]
}

/**
 * An album keeps its id: in its own export by the folder; in another by the most members in common, more than half of the
 * larger one's unless the title is the same; then by title and date.
 */
function recognizer(old: Record<string, Album>) {
  const byFolder = new Map<string, string>()
  const byTitle = new Map<string, string[]>()
  const byMember = new Map<string, string[]>()
  const all = new Map<string, Album>()
  const note = (id: string, album: Album) => {
    for (const { export: name, folder } of [album, ...(album.also ?? [])])
      byFolder.set(`${name}\0${folder}`, id)
    if (!all.has(id)) push(byTitle, album.title, id)
    const before = new Set(all.get(id)?.photos)
    for (const photo of album.photos) if (!before.has(photo)) push(byMember, photo, id)
    all.set(id, album)
  }
  for (const [id, album] of Object.entries(old)) note(id, album)
  const again = (album: Album, now: Record<string, Album>): string | undefined => {
    // An album of this very export is another one: in one export the folder is the key.
    const isFree = (id: string) =>
      [all.get(id), now[id]].every(
        (other) =>
          !other ||
          [other, ...(other.also ?? [])].every(({ export: name }) => name !== album.export),
      )
    const shared = new Map<string, number>()
    for (const photo of album.photos)
      for (const id of byMember.get(photo) ?? []) shared.set(id, (shared.get(id) ?? 0) + 1)
    const ranked = [...shared]
      .filter(([id]) => isFree(id))
      .map(([id, count]) => ({ id, count, same: all.get(id)?.title === album.title }))
      .sort((a, b) => Number(b.same) - Number(a.same) || b.count - a.count)
    const best = ranked[0]
    if (best?.same) return best.id
    const smaller = Math.min(album.photos.length, all.get(best?.id ?? '')?.photos.length ?? 0)
    const larger = Math.max(album.photos.length, all.get(best?.id ?? '')?.photos.length ?? 0)
    if (best && best.count * 2 > larger && smaller > 1) return best.id
    const titled = (byTitle.get(album.title) ?? []).filter(
      (id) => isFree(id) && all.get(id)?.date === album.date,
    )
    return titled.length === 1 ? titled[0] : undefined
  }
  return (album: Album, now: Record<string, Album>): string => {
    const place = `${album.export}\0${album.folder}`
    const digest = createHash('sha1').update(place).digest('hex').slice(0, 10)
    const id = byFolder.get(place) ?? again(album, now) ?? `album-${digest}`
    note(id, album)
    return id
  }
}
