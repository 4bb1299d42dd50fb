import { createReadStream } from 'node:fs'
import { link, lstat, mkdir, readlink, rename, rm, stat, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { numbered, pathKey, safeName } from '../folders/paths.ts'
import { sameBytes } from '../folders/same.ts'
import { draft, drop, partName, place } from '../folders/writing.ts'
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
    yield { as, ...before, at, album: folder, title }
  }
  const own = join(root, folder)
  await mkdir(own, { recursive: true })
  const was = (before.as ?? as) as As
  const added = { ...before.added }
  const wanted = wantedOf(id, known)
  for (const [photo, paths] of wanted)
    added[photo] = await enterAll(own, root, paths, as, added[photo] ?? {}, { was, again, entered })
  const json = await describeAlbum(own, id, known, wanted, before.json)
  yield { at, album: folder, title, as, added, ...(json && { json }) }
}

/**
 * Puts the files of one photo into its album's folder, where they may be in the manner that `was`; `before` and after: name
 * there -> path of the file.
 */
async function enterAll(
  own: string,
  root: string,
  paths: string[],
  as: As,
  before: Record<string, string>,
  { was, again, entered }: { was: As; again: boolean; entered(): void },
) {
  // What is in the JSON alone has its path for a name: it was never there, and cannot have been taken out.
  const inJson = (name: string) => name.includes('/')
  const there = Object.fromEntries(
    Object.entries(before).filter(([name]) => as === 'json' || !inJson(name)),
  )
  for (const path of paths) {
    const file = join(root, path)
    let name = Object.keys(there).find((one) => there[one] === path)
    const stale = Object.keys(there).find((one) => !paths.includes(there[one] as string))
    if (name === undefined && stale !== undefined) {
      // Its file has moved: a link is made anew, another name of the file is right as it is.
      const isLink = await pointsTo(join(own, stale), join(root, there[stale] as string))
      if (isLink) await unlink(join(own, stale))
      if (isLink || inJson(stale)) delete there[stale]
      else name = stale
    }
    if (as === 'json') name ??= path
    else if (name === undefined) name = await enter(own, file, as, entered)
    // What was put there and is gone was taken out by its owner.
    else if (again && !(await lstat(join(own, name)).catch(() => null)))
      name = await enter(own, file, as, entered, name)
    else if (was !== as) await turn(join(own, name), file, as)
    there[name] = path
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

/** Puts a file into an album's folder, and gives the name that it has there. One that shows it already is it. */
async function enter(
  own: string,
  file: string,
  as: As,
  entered: () => void,
  name = basename(file),
): Promise<string> {
  for (let number = 1; ; number++) {
    const called = numbered(name, number)
    const target = join(own, called)
    const is = await mannerOf(target, file)
    if (is === 'another') continue
    if (is === 'nothing') await make(target, file, as)
    // Of what else is there nobody knows who made it; a link is nothing but a link.
    if (is === 'links') await turn(target, file, as)
    if (is === 'nothing') entered()
    return called
  }
}

/** Lets an entry show its file in this manner. What its owner changed, or took out, stays so. */
async function turn(target: string, file: string, as: As) {
  const is = await mannerOf(target, file)
  if (is === as || !['links', 'hardlinks', 'copies'].includes(is)) return
  const draft = join(dirname(target), partName(basename(target)))
  await rm(draft, { force: true })
  await make(draft, file, as)
  await rename(draft, target)
}

async function make(target: string, file: string, as: As) {
  if (as === 'links') await symlink(relative(dirname(target), file), target)
  if (as === 'hardlinks') await link(file, target)
  if (as === 'copies') await copied(file, target)
}

/** How what lies at `target` shows the file; `itself` where a --path leads into the album's folder. */
async function mannerOf(
  target: string,
  file: string,
): Promise<'links' | 'hardlinks' | 'copies' | 'itself' | 'another' | 'nothing'> {
  const there = await lstat(target).catch(() => null)
  if (!there) return 'nothing'
  if (await pointsTo(target, file)) return 'links'
  const own = await lstat(file).catch(() => null)
  if (!there.isFile() || !own?.isFile()) return 'another'
  const isItself = there.nlink === 1 || pathKey(target) === pathKey(file)
  if (there.ino === own.ino && there.dev === own.dev) return isItself ? 'itself' : 'hardlinks'
  return (await sameBytes(target, file)) ? 'copies' : 'another'
}

async function pointsTo(link: string, file: string) {
  return (await readlink(link).catch(() => undefined)) === relative(dirname(link), file)
}

async function copied(source: string, target: string) {
  const { mtime } = await stat(source)
  const made = await draft(dirname(target), basename(target), createReadStream(source), {
    modified: +mtime / 1000,
  })
  if (!(await place(made.path, target))) await drop(made)
}
