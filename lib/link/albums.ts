import type { Album, AlbumLink, AssetAlbum, Transfer } from '../state/records.ts'

/** The forms in which titles are compared, the strictest first. */
const FORMS: [how: string, form: (title: string) => string][] = [
  ['title', (title) => title],
  ['trimmed title', (title) => title.trim().replace(/\s+/g, ' ')],
  ['folded title', (title) => title.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase()],
]

/**
 * The server's album of each of ours: the one that was made or found before, else the only one of its title, by the
 * strictest form that finds any. `album` null with `none` means that it is to be made, `several` and `shared` that
 * it waits. Two of ours never share one of theirs. `indexed` is when the albums were listed.
 */
export function linkAlbums(
  albums: Record<string, Album>,
  there: Record<string, AssetAlbum>,
  before: Record<string, AlbumLink>,
  transfers: Record<string, Transfer>,
  indexed: string,
): Map<string, AlbumLink> {
  const found = new Map<string, AlbumLink>()
  const used = new Set<string>()
  const open = new Map<string, Album>()
  for (const [id, one] of Object.entries(albums)) {
    const album = transfers[id]?.album ?? before[id]?.album
    if (album) {
      used.add(album)
      const listed = (transfers[id]?.at ?? '') < indexed
      const how = transfers[id] && !transfers[id]?.had ? 'made' : (before[id]?.how ?? 'title')
      found.set(id, { album, how: there[album] || !listed ? how : 'gone from the server' })
    } else if (!one.leftOut) open.set(id, one)
  }
  // What a run was making when it was killed is for `transfer` to find, and no namesake's.
  const inDoubt = (id: string) => transfers[id]?.sending
  const order = [...open].sort(([a], [b]) => Number(!inDoubt(a)) - Number(!inDoubt(b)))
  for (const [how, form] of FORMS) {
    const titles = new Map<string, string[]>()
    for (const [id, { title }] of Object.entries(there)) {
      if (!used.has(id)) titles.set(form(title), [...(titles.get(form(title)) ?? []), id])
    }
    for (const [id, { title }] of order) {
      if (!open.has(id)) continue
      const candidates = (titles.get(form(title)) ?? []).filter((one) => !used.has(one))
      const [only, second] = candidates
      if (!only) continue
      open.delete(id)
      if (inDoubt(id)) {
        for (const one of candidates) used.add(one)
        found.set(id, { album: null, how: 'none' })
      } else if (second) found.set(id, { album: null, how: 'several', candidates })
      else {
        used.add(only)
        const isShared = there[only]?.shared
        found.set(id, isShared ? { album: null, how: 'shared', candidates } : { album: only, how })
      }
    }
  }
  for (const id of open.keys()) found.set(id, { album: null, how: 'none' })
  return found
}
