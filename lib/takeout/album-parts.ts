import { createHash } from 'node:crypto'
import { Fail } from '../stage.ts'
import type { Part } from '../state/records.ts'
import type { Library } from './library.ts'
import { type Found, findParts } from './parts.ts'
import type { ExportFile } from './takeout.ts'

/** `Title=path` of --album. Throws a usage Fail where it is not that. */
export function albumSource(text: string): { title: string; path: string } {
  const at = text.indexOf('=')
  const [title, path] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  if (at < 1 || !title || !path) {
    throw new Fail(
      `Cannot read --album "${text}": give the title and the zip that "Download all" made (or a folder of such): --album "Our trip=/path/Our trip.zip"`,
      { exitCode: 2 },
    )
  }
  return { title, path }
}

/** The archives or the folder of an album that was downloaded by itself. Throws Fail where the path leads nowhere. */
export async function albumParts(title: string, path: string): Promise<Found[]> {
  const { found } = await findParts([path])
  // Their numbers are the browser's, and no hole in them means anything.
  return found.map((part) => ({ ...part, export: `album ${title}`, number: null, album: title }))
}

/**
 * Makes albums of the parts that are one: every photo in them is a member. Where the library has one album of that title
 * (a Takeout holds of a shared album only one's own pictures), they come to it.
 */
export function addAlbums(
  library: Library,
  files: ExportFile[],
  partOf: (id: string) => Part,
): void {
  const members = new Map<string, Set<string>>()
  for (const file of files) {
    const { album } = partOf(file.part)
    const photo = album && library.rows.get(file)?.photo
    if (!photo) continue
    const known = members.get(album) ?? new Set()
    members.set(album, known.add(photo))
  }
  for (const [title, photos] of members) {
    const same = Object.values(library.albums).filter(
      (album) => album.title === title && !album.leftOut,
    )
    const [only] = same
    if (only && same.length === 1) {
      only.photos = [...new Set([...only.photos, ...photos])]
      continue
    }
    const id = `album-${createHash('sha1').update(`download\0${title}`).digest('hex').slice(0, 10)}`
    library.albums[id] = { title, folder: '', export: `album ${title}`, photos: [...photos] }
  }
}
