import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sidecarOf } from '../folders/metadata.ts'
import { type PathMaker, pathKey } from '../folders/paths.ts'
import type { Said } from '../folders/said.ts'
import { holds, place } from '../folders/writing.ts'
import { splitName } from '../pairing/media.ts'
import type { Head } from '../picture/picture.ts'
import type { Mirrored, Photo, PhotoFile } from '../state/records.ts'
import { sayingOf } from '../transfer/arrival.ts'

export const METADATA = ['xmp', 'embed', 'none'] as const

/** The library on disk, as a run sees it. */
export type Tree = {
  root: string
  pathOf: PathMaker
  metadata: (typeof METADATA)[number]
  /** Titles of a photo's albums. */
  albumsOf(id: string): string[]
  /** Whose a path is: its key -> photo. */
  owners: Map<string, string>
  /** A thing that a person should know of a file, counted by its reason. */
  remark(why: string): void
  remarks: ReadonlyMap<string, number>
}

export function treeOf(
  root: string,
  pathOf: PathMaker,
  metadata: Tree['metadata'],
  { titles, mirrored }: { titles: Map<string, string[]>; mirrored: Record<string, Mirrored> },
): Tree {
  const remarks = new Map<string, number>()
  return {
    root,
    pathOf,
    metadata,
    albumsOf: (id) => (titles.get(id) ?? []).toSorted(),
    owners: ownersOf(mirrored),
    remark: (why) => remarks.set(why, (remarks.get(why) ?? 0) + 1),
    remarks,
  }
}

/** The paths that are given away. */
function ownersOf(mirrored: Record<string, Mirrored>): Map<string, string> {
  const owners = new Map<string, string>()
  for (const [id, { files = [] }] of Object.entries(mirrored))
    for (const { path } of files) owners.set(pathKey(path), id)
  return owners
}

/** What is said of a file beside it or in it, and where and with which time it belongs. `head` is what it says of itself. */
export function belonging(tree: Tree, id: string, photo: Photo, title: string, head: Head) {
  const { time, said, isNews } = sayingOf({ ...photo, title }, head)
  const tags = [...(said.tags ?? []), ...(photo.archived ? ['Archived'] : [])]
  const isMarked = photo.favorite || photo.archived
  const all: Said = {
    ...said,
    ...(tags.length > 0 && { tags }),
    // What has hearts elsewhere has stars in files.
    ...(photo.favorite && { rating: 5 }),
  }
  const path = tree.pathOf({
    ...photo,
    title,
    albums: tree.albumsOf(id),
    ...(time.shown && { local: time.shown.local }),
    ...(time.instant !== null &&
      !time.shown && { year: String(new Date(time.instant * 1000).getUTCFullYear()) }),
    ...(head.camera && { camera: head.camera }),
  })
  return {
    said: all,
    isNews: isNews || isMarked,
    modified: time.instant ?? undefined,
    path: photo.trashed ? `Trash/${path}` : photo.locked ? `Locked/${path}` : path,
  }
}

/** Where a photo will lie, as far as that can be told before its file is read; no number of a name that is taken. */
export const likelyPath = (tree: Tree, id: string, photo: Photo): string =>
  belonging(tree, id, photo, photo.title, {}).path

/** One file of a photo that looks for its place: what has its bytes already `isThere` at `from`. */
export type Homeless = {
  key: string
  role: PhotoFile['role']
  isMain: boolean
  extension: string
  size: number
  sha1: string
  /** Its path below the root, of one that lies there already. */
  there?: string
}

/**
 * Names for the files of one photo, all of one stem, none of which is another's: the first number for which each of them is
 * free, or there already with the same bytes. They are the photo's from then on.
 */
export async function namesFor(
  { root, owners }: Tree,
  id: string,
  wanted: { folder: string; stem: string },
  files: Homeless[],
): Promise<Map<Homeless, string>> {
  for (let number = 1; ; number++) {
    const names = named(files, join(wanted.folder, second(wanted.stem, number)))
    const paths = [...names.values()]
    if (paths.some((path) => (owners.get(pathKey(path)) ?? id) !== id)) continue
    const mine = paths.filter((path) => !owners.has(pathKey(path)))
    for (const path of mine) owners.set(pathKey(path), id)
    const isFree = await Promise.all(
      [...names].map(async ([file, path]) => {
        // What lies there is ours, and stays or goes away first.
        if (files.some(({ there }) => there === path)) return true
        const found = await stat(join(root, path)).catch(() => null)
        return !found || holds(join(root, path), file)
      }),
    )
    if (isFree.every(Boolean)) return names
    for (const path of mine) owners.delete(pathKey(path))
  }
}

const second = (stem: string, number: number) => (number === 1 ? stem : `${stem}-${number}`)

const ENDINGS = { original: '', motion: '', edited: '-edited', copy: '-copy' }

function named(files: Homeless[], stem: string) {
  const names = new Map<Homeless, string>()
  const given = new Set<string>()
  const inOrder = files.toSorted((a, b) => Number(b.isMain) - Number(a.isMain))
  for (const file of inOrder) {
    const base = `${stem}${file.isMain ? '' : ENDINGS[file.role]}`
    for (let number = 1; ; number++) {
      const path = `${second(base, number)}${file.extension}`
      if (given.has(pathKey(path))) continue
      given.add(pathKey(path))
      names.set(file, path)
      break
    }
  }
  return names
}

/**
 * Gives a file of ours another path, its sidecar with it, and tells which it has then: the old one where the new was taken
 * in that moment, or is on another disk. One that is not there any more has the new one, too, should it ever come again.
 */
export async function move(root: string, from: string, to: string): Promise<string> {
  if (from === to) return to
  const [a, b] = [join(root, from), join(root, to)]
  await mkdir(dirname(b), { recursive: true })
  const isMoved = await place(a, b).catch(isGone)
  // One without its picture would be nobody's; one that lies there in its way stays where it is.
  if (isMoved) await place(sidecarOf(a), sidecarOf(b)).catch(isGone)
  return isMoved ? to : from
}

function isGone(error: NodeJS.ErrnoException) {
  if (error.code === 'ENOENT') return true
  if (error.code === 'EXDEV') return false
  throw error
}

/** A path in its pieces: a library's folder, what stands before the extension, and that. */
export function pieces(path: string) {
  const { base, extension } = splitName(path.slice(path.lastIndexOf('/') + 1))
  return { folder: dirname(path), stem: base, extension }
}
