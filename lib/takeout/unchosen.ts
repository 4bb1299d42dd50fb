import { albumTitles, type chooser } from '../choose.ts'
import { leave } from './account.ts'
import type { Library } from './library.ts'

/**
 * Takes out of the library what was not asked for. Its files become leftovers, so that a later run without the choice
 * finds it again. Gives how many photos that are.
 */
export function leaveOut(library: Library, choice: ReturnType<typeof chooser>): number {
  if (choice.all) return 0
  const { photos, albums, rows } = library
  const titles = albumTitles(albums)
  const unwanted = new Set<string>()
  for (const [id, { title, file, also = [] }] of Object.entries(albums)) {
    if (choice.album(title)) continue
    for (const one of [file, ...also.map(({ file }) => file)])
      if (one) unwanted.add(`${one.part}:${one.path}`)
    delete albums[id]
  }
  let left = 0
  for (const [id, photo] of Object.entries(photos)) {
    if (choice.photo(photo, titles.get(id) ?? [])) continue
    left++
    delete photos[id]
  }
  for (const album of Object.values(albums))
    album.photos = album.photos.filter((id) => id in photos)
  for (const [file, { photo }] of rows) {
    const isLeft = photo === null ? unwanted.has(`${file.part}:${file.path}`) : !(photo in photos)
    if (isLeft) leave(library, file, 'not chosen')
  }
  return left
}
