import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { type FolderKind, folderKind, type Placed, placeFiles, yearIn } from './export.ts'
import { isLitter, mediaKind } from './media.ts'
import { type Pair, pairFolder } from './pairing.ts'
import type { Album, Facts, Leftover, Photo, PhotoFile } from './state.ts'
import type { ExportFile } from './takeout.ts'
import { dateInName } from './time.ts'

/** What became of one file: a line of `index-gphotos --explain`. */
export type Row = {
  role:
    | 'original'
    | 'edited'
    | 'motion'
    | 'copy'
    | 'sidecar'
    | 'album'
    | 'account'
    | 'ignored'
    | 'broken'
  sidecar: string | null
  of: string | null
  photo: string | null
  certain: boolean
  why: string
}

export type Library = {
  photos: Record<string, Photo>
  albums: Record<string, Album>
  leftovers: Record<string, Leftover>
  /** One for each file, in the order given. */
  rows: Map<ExportFile, Row>
}

/** One media file with what its folder says of it. */
type Media = Placed & {
  export: string
  kind: FolderKind
  pair: Pair
  /** The file that the pair's sidecar name stands for. */
  sidecar?: ExportFile & { json: { kind: 'photo'; facts: Facts } }
  /** Of an edited copy or a motion half: what it belongs to. */
  of?: Media
  /** Photos are groups of media: this is the way to the group's head. */
  head?: Media
}

/**
 * From the files of all parts to photos, albums and what is in neither: design section 5, rules 1 to 4, 8 and 9. Pure.
 * `exportOf` gives a part's export; `waiting` holds exports of which a part is known to be missing; `old` is what the
 * state holds, so that a photo and an album keep their ids.
 */
export function assemble(
  files: ExportFile[],
  exportOf: (part: string) => string,
  waiting: Set<string>,
  old: { photos: Record<string, Photo>; albums: Record<string, Album> },
): Library {
  const rows = new Map<ExportFile, Row>()
  const leftovers: Record<string, Leftover> = Object.create(null)
  const drop = (file: ExportFile, role: Row['role'], why: string, certain = true) => {
    rows.set(file, { role, sidecar: null, of: null, photo: null, certain, why })
    if (role === 'album') return
    const { part, path, size, crc } = file
    const facts = file.json?.kind === 'photo' ? { facts: file.json.facts } : {}
    leftovers[`${part}:${path}`] = { part, path, why, size, crc, ...facts }
  }

  const media: Media[] = []
  const folders: Folder[] = []
  for (const [name, inExport] of groupBy(files, (file) => exportOf(file.part))) {
    const { placed, outside } = placeFiles(inExport, (name) =>
      /image|video/.test(mediaKind(name) ?? ''),
    )
    for (const { file, why } of outside) drop(file, why === 'account' ? 'account' : 'ignored', why)
    const byFolder = groupBy(placed, ({ folder }) => folder)
    const siblings = new Set(byFolder.keys())
    for (const [folder, inFolder] of byFolder) {
      const read = readFolder(name, folder, inFolder, siblings, drop)
      folders.push(read)
      media.push(...read.media)
    }
  }

  const heads = joinMedia(media)
  const ids = idsOf(heads, old.photos)
  const photos: Record<string, Photo> = Object.create(null)
  for (const [head, group] of heads) {
    const id = ids.get(head) as string
    photos[id] = photoOf(group, waiting, rows, id)
  }
  const idOf = (one: Media) => ids.get(headOf(one)) as string
  const albums = albumsOf(folders, photos, idOf, old.albums, rows, drop)
  return { photos, albums, leftovers, rows }
}

type Sidecar = NonNullable<Media['sidecar']>
type Folder = {
  export: string
  folder: string
  kind: FolderKind
  media: Media[]
  /** Sidecars without their media here. */
  orphans: Sidecar[]
  albumFile?: ExportFile
}
type Drop = (file: ExportFile, role: Row['role'], why: string, certain?: boolean) => void

function readFolder(
  inExport: string,
  folder: string,
  inFolder: Placed[],
  siblings: Set<string>,
  drop: Drop,
): Folder {
  const media: Placed[] = []
  const sidecars = new Map<string, Sidecar[]>()
  let albumFile: ExportFile | undefined
  for (const one of inFolder) {
    const { file, name } = one
    const json = file.json
    if (isLitter(name)) drop(file, 'ignored', 'no part of the photos')
    else if (file.problem) drop(file, 'broken', file.problem)
    else if (json?.kind === 'photo') push(sidecars, name, file as Sidecar)
    else if (json?.kind === 'album' && !json.conversation) {
      // A part that was made twice holds it twice; the same folder is one album.
      albumFile ??= file
      drop(file, 'album', 'album file')
    } else if (json?.kind === 'broken') drop(file, 'broken', `unreadable sidecar: ${json.why}`)
    else if (json) drop(file, 'account', json.kind === 'album' ? 'a conversation' : 'account')
    else if (!mediaKind(name)) drop(file, 'ignored', 'neither a photo nor a video')
    else if (file.size === 0) drop(file, 'broken', 'empty file')
    else media.push(one)
  }
  const kind = folderKind(folder, albumFile !== undefined, siblings)
  const byName = groupBy(media, ({ name }) => name)
  const { pairs, orphans } = pairFolder(
    [...byName].map(([name, [first]]) => ({ name, size: first?.file.size, crc: first?.file.crc })),
    [...sidecars].map(([name, all]) => ({
      name,
      ...pick(newest(all).json.facts, ['title', 'taken']),
    })),
  )
  const made = new Map<string, Media>()
  const all: Media[] = []
  for (const pair of pairs) {
    // Without an extension that anybody knows only its sidecar, or a still beside it, makes a file a photo.
    if (mediaKind(pair.media) === 'unknown' && !pair.sidecar && !pair.of) {
      for (const { file } of byName.get(pair.media) ?? [])
        drop(file, 'ignored', 'neither a photo nor a video')
      continue
    }
    // One name in two parts: usually one file twice, and where it is not, both have the same right to the sidecar.
    for (const one of byName.get(pair.media) ?? []) {
      const entry: Media = { ...one, export: inExport, kind, pair }
      const sidecar = pair.sidecar === null ? undefined : sidecars.get(pair.sidecar)
      if (sidecar) entry.sidecar = newest(sidecar)
      if (!made.has(pair.media)) made.set(pair.media, entry)
      all.push(entry)
    }
  }
  for (const entry of all) if (entry.pair.of !== null) entry.of = made.get(entry.pair.of)
  return {
    export: inExport,
    folder,
    kind,
    media: all,
    orphans: orphans.flatMap((name) => sidecars.get(name) ?? []),
    ...(albumFile && { albumFile }),
  }
}

/** Which media are one photo: equal bytes, one link of Google's page, or part of the other (edited, motion). */
function joinMedia(media: Media[]): Map<Media, Media[]> {
  const byBytes = new Map<string, Media>()
  const byUrl = new Map<string, Media>()
  const joinBy = (known: Map<string, Media>, key: string, one: Media) => {
    const other = known.get(key)
    if (other) join(one, other)
    else known.set(key, one)
  }
  for (const one of media) {
    if (one.of) join(one, one.of)
    else {
      joinBy(byBytes, bytesKey(one.file), one)
      const facts = one.sidecar?.json.facts
      // The link is per photo, so a re-encoded copy of an album has it, too; a still and its own video never share it.
      if (facts?.url && one.pair.certain && one.pair.role === 'original') {
        joinBy(byUrl, `${facts.url} ${facts.taken} ${mediaKind(one.name)}`, one)
      }
    }
  }
  return groupBy(media, headOf)
}

function photoOf(
  group: Media[],
  waiting: Set<string>,
  rows: Map<ExportFile, Row>,
  id: string,
): Photo {
  const ordered = [...group].sort(byWorth)
  const main = ordered[0] as Media
  const seen = new Set<string>()
  const files: PhotoFile[] = []
  for (const one of ordered) {
    const { part, path, size, crc } = one.file
    const key = `${one.of ? one.pair.role : 'original'} ${bytesKey(one.file)}`
    const first = !seen.has(key)
    seen.add(key)
    const isOther = one !== main && !one.of
    const role = first && !isOther ? one.pair.role : 'copy'
    const why =
      role === 'copy'
        ? bytesKey(one.file) === bytesKey(main.file) || !isOther
          ? 'same bytes'
          : 'another size'
        : one.pair.why
    const sidecar = one.sidecar?.path
    const uncertain = !one.pair.certain
    files.push({
      part,
      path,
      size,
      crc,
      role,
      ...(sidecar && { sidecar }),
      ...(uncertain && { uncertain }),
      why,
    })
    const of = role === 'copy' && isOther ? main.file.path : (one.of?.file.path ?? null)
    rows.set(one.file, {
      role,
      sidecar: sidecar ?? null,
      of,
      photo: id,
      certain: one.pair.certain,
      why,
    })
    if (one.sidecar) {
      rows.set(one.sidecar, {
        role: 'sidecar',
        sidecar: null,
        of: path,
        photo: id,
        certain: one.pair.certain,
        why: one.pair.why,
      })
    }
  }
  const facts = factsOf(ordered)
  const { title, taken, place, ...rest } = facts
  const photo: Photo = {
    title: titleFor(main, title),
    kind: mediaKind(main.name) === 'video' ? 'video' : 'image',
    taken: taken ?? null,
    files,
    ...pick(rest, ['description', 'people', 'url', 'favorite', 'archived', 'trashed', 'partner']),
  }
  if (place) photo.place = place
  if (rest.modified !== undefined) photo.known = rest.modified
  if (group.some((one) => one.kind === 'archive')) photo.archived = true
  if (group.some((one) => one.kind === 'trash')) photo.trashed = true
  if (group.some((one) => one.kind === 'locked')) photo.locked = true
  if (photo.taken === null) guessTime(photo, group)
  if (!group.some((one) => one.sidecar) && group.some((one) => waiting.has(one.export)))
    photo.waits = true
  return photo
}

/**
 * The newest certain sidecar speaks. An uncertain one gives its time and place only where the year of its folder
 * agrees, which a stranger's sidecar seldom does.
 */
function factsOf(group: Media[]): Facts {
  const withSidecar = group.filter((one) => one.sidecar && one.pair.role !== 'motion')
  const certain = withSidecar.filter((one) => one.pair.certain)
  const best = (certain.length > 0 ? certain : withSidecar).sort((a, b) => age(b) - age(a))[0]
  const facts = best?.sidecar?.json.facts
  if (!best || !facts) return {}
  const place = facts.place ?? facts.placeExif
  if (best.pair.certain) return { ...facts, ...(place && { place }) }
  const year = yearIn(best.folder)
  const agrees = facts.taken !== undefined && year === new Date(facts.taken * 1000).getUTCFullYear()
  if (best.kind === 'year' && agrees) return { ...facts, ...(place && { place }) }
  return pick(facts, ['title'])
}

function guessTime(photo: Photo, group: Media[]) {
  const fromName = group.map((one) => dateInName(one.name)).find((time) => time !== null)
  const year = group
    .map((one) => (one.kind === 'year' ? yearIn(one.folder) : null))
    .find((year) => year !== null)
  if (fromName !== undefined && fromName !== null) {
    photo.taken = fromName
    photo.takenFrom = 'name'
  } else if (year) {
    photo.taken = Date.UTC(year, 0, 1) / 1000
    photo.takenFrom = 'year'
  }
}

/** The whole upload name, with the file's own extension where the title has none or one that is not the file's. */
function titleFor(main: Media, title: string | undefined) {
  const extension = extname(main.name)
  if (!title) return main.name
  const own = extname(title)
  if (own.toLowerCase() === extension.toLowerCase() || extension === '') return title
  return mediaKind(title) ? title.slice(0, -own.length) + extension : title + extension
}

function albumsOf(
  folders: Folder[],
  photos: Record<string, Photo>,
  idOf: (one: Media) => string,
  old: Record<string, Album>,
  rows: Map<ExportFile, Row>,
  drop: Drop,
): Record<string, Album> {
  const albums: Record<string, Album> = Object.create(null)
  const byUrl = new Map<string, string>()
  const byTitle = new Map<string, string | null>()
  for (const [id, { url, title, taken }] of Object.entries(photos)) {
    if (url) byUrl.set(url, id)
    const key = `${title.normalize('NFC')} ${taken}`
    byTitle.set(key, byTitle.has(key) ? null : id)
  }
  for (const { export: inExport, folder, kind, media, orphans, albumFile } of folders) {
    const members = new Set(media.map(idOf))
    for (const orphan of orphans) {
      const { url, title, taken } = orphan.json.facts
      const id =
        (url && byUrl.get(url)) || byTitle.get(`${title?.normalize('NFC')} ${taken ?? null}`)
      drop(
        orphan,
        'sidecar',
        id ? 'its photo lies in another folder' : 'its photo is not in the export',
      )
      if (!id) continue
      members.add(id)
      rows.set(orphan, { ...(rows.get(orphan) as Row), photo: id })
    }
    const json = albumFile?.json
    if (kind !== 'album' || json?.kind !== 'album') continue
    const album: Album = {
      title: json.title || folder,
      folder,
      export: inExport,
      file: pick(albumFile as ExportFile, ['part', 'path']),
      photos: [...members],
      ...pick(json, ['description', 'date']),
    }
    const id = albumId(album, { ...old, ...albums })
    const known = albums[id]
    // The same album in a later export: what an incremental one does not hold was not removed.
    albums[id] = known
      ? { ...album, photos: [...new Set([...known.photos, ...album.photos])] }
      : album
  }
  return albums
}

/** An album keeps its id: in its own export by the folder, in another by a member that both have and the title. */
function albumId(album: Album, known: Record<string, Album>): string {
  const same = Object.entries(known).find(
    ([, other]) => other.export === album.export && other.folder === album.folder,
  )
  if (same) return same[0]
  const members = new Set(album.photos)
  const again = Object.entries(known).find(
    ([, other]) =>
      other.export !== album.export &&
      other.title === album.title &&
      (other.photos.some((id) => members.has(id)) ||
        (album.date !== undefined && other.date === album.date)),
  )
  if (again) return again[0]
  return `album-${createHash('sha1').update(`${album.export}\0${album.folder}`).digest('hex').slice(0, 10)}`
}

function idsOf(heads: Map<Media, Media[]>, old: Record<string, Photo>): Map<Media, string> {
  const known = new Map<string, string>()
  for (const [id, photo] of Object.entries(old)) {
    if (photo.url) known.set(photo.url, id)
    for (const file of photo.files) {
      if (file.role === 'original' || file.role === 'copy') known.set(bytesKey(file), id)
    }
  }
  const ids = new Map<Media, string>()
  const taken = new Set<string>()
  for (const [head, group] of heads) {
    const own = group.filter((one) => !one.of)
    const urls = own.flatMap((one) => (one.pair.certain && one.sidecar?.json.facts.url) || [])
    const again = [...own.map((one) => bytesKey(one.file)), ...urls].map((key) => known.get(key))
    const main = [...group].sort(byWorth)[0] as Media
    const id = again.find((id) => id !== undefined && !taken.has(id)) ?? bytesKey(main.file)
    taken.add(id)
    ids.set(head, id)
  }
  return ids
}

/** CRC-32 and size; where a folder's file was never read (its size is the only one of its kind) its place instead. */
function bytesKey({
  part,
  path,
  size,
  crc,
}: {
  part: string
  path: string
  size: number
  crc: string | null
}) {
  if (crc !== null) return `${crc}-${size}`
  return `x${createHash('sha1').update(`${part}\0${path}`).digest('hex').slice(0, 8)}-${size}`
}

/** Originals before what belongs to them, the biggest first, and the year folder's before an album's copy. */
function byWorth(a: Media, b: Media) {
  const rank = (one: Media) => (one.of ? (one.pair.role === 'edited' ? 1 : 2) : 0)
  return (
    rank(a) - rank(b) ||
    b.file.size - a.file.size ||
    Number(b.kind === 'year') - Number(a.kind === 'year') ||
    (a.file.path < b.file.path ? -1 : 1)
  )
}

function headOf(one: Media): Media {
  let head = one
  while (head.head) head = head.head
  if (head !== one) one.head = head
  return head
}

function join(one: Media, other: Media) {
  const [a, b] = [headOf(one), headOf(other)]
  if (a !== b) a.head = b
}

function age(one: Media) {
  return one.sidecar?.json.facts.modified ?? 0
}

function newest(all: Sidecar[]): Sidecar {
  return all.reduce((a, b) => ((b.json.facts.modified ?? 0) > (a.json.facts.modified ?? 0) ? b : a))
}

function groupBy<T, K>(all: Iterable<T>, keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of all) push(groups, keyOf(one), one)
  return groups
}

function push<K, T>(groups: Map<K, T[]>, key: K, one: T) {
  const group = groups.get(key)
  if (group) group.push(one)
  else groups.set(key, [one])
}

function pick<T extends object, K extends keyof T>(from: T, keys: K[]): Pick<T, K> {
  const picked = {} as Pick<T, K>
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key]
  return picked
}
