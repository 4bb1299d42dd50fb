import { createReadStream } from 'node:fs'
import { link, lstat, mkdir, readlink, rename, stat, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { numbered, pathKey, safeName } from '../folders/paths.ts'
import { draft, drop, holds, lookAt, place } from '../folders/writing.ts'
import type { Album, Mirrored, Photo } from '../state/records.ts'
import { describeAlbum } from './album-json.ts'

export const ALBUMS_AS = ['links', 'hardlinks', 'copies', 'json', 'none'] as const
export type As = (typeof ALBUMS_AS)[number]

/** Where albums are, below the library's root. */
export const ALBUMS = 'albums'

type Known = {
  photos: Record<string, Photo>
  albums: Record<string, Album>
  mirrored: Record<string, Mirrored>
}

/** The files of an album's members that lie in the library: photo -> paths. */
function wantedOf(id: string, { albums, mirrored }: Known): Map<string, string[]> {
  const wanted = new Map<string, string[]>()
  for (const photo of albums[id]?.photos ?? []) {
    const files = mirrored[photo]?.files?.filter(({ role }) => role !== 'copy')
    if (files && mirrored[photo]?.main)
      wanted.set(
        photo,
        files.map(({ path }) => path),
      )
  }
  return wanted
}

/** Whether an album lacks anything that is in the library by now, or is called otherwise. */
export function isAlbumLeft(id: string, as: As, known: Known): boolean {
  if (as === 'none') return false
  const { album, added = {}, as: was, title } = known.mirrored[id] ?? {}
  const wanted = wantedOf(id, known)
  if (wanted.size === 0) return false
  if (!album || was !== as || title !== known.albums[id]?.title) return true
  return [...wanted].some(([photo, paths]) => {
    const there = Object.values(added[photo] ?? {})
    return paths.some((path) => !there.includes(path))
  })
}

/** What the albums still take as copies, in bytes. */
export function copiesSize(ids: string[], { albums, mirrored }: Known, photos: Known['photos']) {
  const isIn = (photo: string, { as, added = {} }: Partial<Mirrored> = {}) =>
    as === 'copies' && photo in added
  return ids
    .flatMap((id) => albums[id]?.photos.filter((photo) => !isIn(photo, mirrored[id])) ?? [])
    .flatMap((id) => photos[id]?.files ?? [])
    .reduce((sum, { role, size }) => sum + (role === 'copy' ? 0 : size), 0)
}

/**
 * Makes the folder of an album, or completes it: each file of its members under its own name, and album.json with what
 * Google says of it. What was there once and was taken out stays out, unless `again`. Yields its record; the first has to
 * be on disk before it goes on. Files of other people in that folder stay.
 */
export async function* fillAlbum(
  root: string,
  id: string,
  as: As,
  known: Known,
  { again = false, entered = () => {} }: { again?: boolean; entered?: () => void } = {},
): AsyncGenerator<Mirrored> {
  const { title } = known.albums[id] as Album
  const { failed: _, tries: __, ...before } = known.mirrored[id] ?? ({} as Mirrored)
  const at = new Date().toISOString()
  let folder = before.album
  if (folder === undefined || before.title !== title) {
    const to = freeFolder(id, title, known.mirrored)
    // Where its owner has called it otherwise, it stays so.
    const isMoved = folder !== undefined && (await renamed(join(root, folder), join(root, to)))
    if (folder === undefined || isMoved) folder = to
    yield {
      ...before,
      at,
      album: folder,
      title,
      as,
      added: before.as === as ? (before.added ?? {}) : {},
    }
  }
  const own = join(root, folder)
  await mkdir(own, { recursive: true })
  const added: NonNullable<Mirrored['added']> = before.as === as ? { ...before.added } : {}
  const wanted = wantedOf(id, known)
  for (const [photo, paths] of wanted)
    added[photo] = await enterAll(own, root, paths, as, added[photo] ?? {}, { again, entered })
  const json = await describeAlbum(own, id, known, wanted, before.json)
  yield { at, album: folder, title, as, added, ...(json && { json }) }
}

/** Puts the files of one photo into its album's folder; `before` and after: name there -> path of the file. */
async function enterAll(
  own: string,
  root: string,
  paths: string[],
  as: As,
  before: Record<string, string>,
  { again, entered }: { again: boolean; entered(): void },
) {
  const there = { ...before }
  for (const path of paths) {
    const names = Object.keys(there)
    const name = names.find((one) => there[one] === path)
    // What was put there and is gone was taken out by its owner.
    if (name !== undefined && !again) continue
    const stale = names.find((one) => !paths.includes(there[one] as string))
    if (stale === undefined) {
      there[await enter(own, root, path, as, entered, name)] = path
      continue
    }
    // Its file has moved: a link is made anew where it still is the old one; another name of the file is right as it is.
    const link = join(own, stale)
    const isOld = as === 'links' && (await pointsTo(link, join(root, there[stale] as string)))
    if (isOld) await unlink(link)
    if (isOld || as === 'json') delete there[stale]
    there[isOld || as === 'json' ? await enter(own, root, path, as, entered) : stale] = path
  }
  return there
}

/** Two of one title stay two. */
function freeFolder(id: string, title: string, mirrored: Record<string, Mirrored>) {
  const taken = new Set(
    Object.entries(mirrored).flatMap(([other, { album }]) =>
      album && other !== id ? [pathKey(album)] : [],
    ),
  )
  for (let number = 1; ; number++) {
    const folder = `${ALBUMS}/${safeName(number === 1 ? title : `${title} (${number})`)}`
    if (!taken.has(pathKey(folder))) return folder
  }
}

/** False where it is not there any more, or its new name is taken. */
async function renamed(from: string, to: string) {
  if (await lstat(to).catch(() => null)) return false
  return rename(from, to).then(
    () => true,
    () => false,
  )
}

/** Puts a file into an album's folder, and gives the name that it has there. One that is there already is it. */
async function enter(
  own: string,
  root: string,
  path: string,
  as: As,
  entered: () => void,
  name = basename(path),
): Promise<string> {
  if (as === 'json' || as === 'none') return basename(path)
  const source = join(root, path)
  for (let number = 1; ; number++) {
    const called = numbered(name, number)
    const target = join(own, called)
    if (await isEntry(target, source, as)) return called
    if (await lstat(target).catch(() => null)) {
      // A link of ours in another manner, and nothing but a link.
      if (!(await pointsTo(target, source))) continue
      await unlink(target)
    }
    if (as === 'links') await symlink(relative(own, source), target)
    if (as === 'hardlinks') await link(source, target)
    if (as === 'copies') await copied(source, target)
    entered()
    return called
  }
}

async function pointsTo(link: string, file: string) {
  return (await readlink(link).catch(() => undefined)) === relative(dirname(link), file)
}

async function isEntry(target: string, source: string, as: As) {
  if (as === 'links') return pointsTo(target, source)
  const [a, b] = await Promise.all([target, source].map((one) => lstat(one).catch(() => null)))
  if (!a?.isFile() || !b?.isFile()) return false
  if (a.ino === b.ino && a.dev === b.dev) return as === 'hardlinks'
  if (as !== 'copies' || a.size !== b.size) return false
  const looked = await lookAt(source)
  return looked !== undefined && holds(target, looked)
}

async function copied(source: string, target: string) {
  const { mtime } = await stat(source)
  const made = await draft(dirname(target), basename(target), createReadStream(source), {
    modified: +mtime / 1000,
  })
  if (!(await place(made.path, target))) await drop(made)
}
