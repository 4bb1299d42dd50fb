import type { Album, Facts, Leftover, Photo } from '../state/records.ts'
import { leftoverKey } from './account.ts'
import type { ExportFile } from './takeout.ts'

/**
 * The files of parts that are not read this time (gone from the disk, or a tgz that did not change), as the state remembers
 * them: what `assemble` needs so that a later part finds their photos, their sidecars and their albums. The reverse of
 * `assemble`.
 */
export function remembered(
  parts: Set<string>,
  {
    photos,
    albums,
    leftovers,
  }: {
    photos: Record<string, Photo>
    albums: Record<string, Album>
    leftovers: Record<string, Leftover>
  },
): ExportFile[] {
  if (parts.size === 0) return []
  const files = new Map<string, ExportFile>()
  const add = (file: ExportFile) => {
    if (parts.has(file.part) && !files.has(leftoverKey(file))) files.set(leftoverKey(file), file)
  }
  for (const leftover of Object.values(leftovers)) add(fileOf(leftover))
  for (const { file, also = [], ...album } of Object.values(albums)) {
    for (const one of [{ ...album, file }, ...also]) {
      if (!one.file) continue
      add({ ...one.file, size: 1, crc: null, json: jsonOf(one) })
      // Its comments stand among the leftovers, and so stands it.
      const known = files.get(leftoverKey(one.file))
      if (known) known.json = jsonOf(one)
    }
  }
  for (const photo of Object.values(photos)) {
    const json = { kind: 'photo', facts: factsOf(photo) } as const
    for (const { part, path, size, crc, head, sidecar, sidecarPart } of photo.files) {
      add({ part, path, size, crc, ...(head && { head }) })
      if (sidecar) add({ part: sidecarPart ?? part, path: sidecar, size: 1, crc: null, json })
    }
  }
  return [...files.values()]
}

function fileOf({
  part,
  path,
  why,
  size,
  crc,
  facts,
  album,
  broken,
  comments,
}: Leftover): ExportFile {
  const file: ExportFile = { part, path, size, crc, ...(comments && { comments }) }
  if (broken) file.problem = why
  else if (facts) file.json = { kind: 'photo', facts }
  else if (album) file.json = jsonOf(album)
  else if (why === 'a conversation') file.json = { kind: 'album', title: '', conversation: true }
  else if (/\.json$/i.test(path)) file.json = { kind: 'account' }
  return file
}

/** An album's description may hold the comments, which have their own place. */
function jsonOf({ title, description, date }: Pick<Album, 'title' | 'description' | 'date'>) {
  return {
    kind: 'album',
    title,
    ...(description && { description }),
    ...(date !== undefined && { date }),
  } as const
}

function factsOf(photo: Photo): Facts {
  const { title, named, taken, takenFrom, known, place, description, people, url } = photo
  const isSaid = taken !== null && (!takenFrom || takenFrom === 'cluster')
  return {
    title: named ?? title,
    ...(isSaid && { taken }),
    ...(known !== undefined && { modified: known }),
    ...(place && { place }),
    ...(description && { description }),
    ...(people && { people }),
    ...(url && { url }),
    ...(photo.favorite && { favorite: true }),
    ...(photo.archived && { archived: true }),
    ...(photo.trashed && { trashed: true }),
    ...(photo.partner && { partner: true }),
  }
}
