import type { Album, AlbumLink, AssetAlbum, Transfer } from './state.ts'

/** The forms in which titles are compared, the strictest first. */
const FORMS: [how: string, form: (title: string) => string][] = [
  ['title', (title) => title],
  ['trimmed title', (title) => title.trim().replace(/\s+/g, ' ')],
  ['folded title', (title) => title.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase()],
]

/**
 * The server's album of each of ours: the one that was made or found before, else the only one of its title. Yields a
 * link for every album; `album` null with `none` means that it is to be made, `several` and `shared` that it waits.
 */
export function* linkAlbums(
  albums: Record<string, Album>,
  there: Record<string, AssetAlbum>,
  before: Record<string, AlbumLink>,
  transfers: Record<string, Transfer>,
): Generator<[string, AlbumLink]> {
  const byForm = FORMS.map(([, form]) => {
    const titles = new Map<string, string[]>()
    for (const [id, { title }] of Object.entries(there)) {
      titles.set(form(title), [...(titles.get(form(title)) ?? []), id])
    }
    return titles
  })
  // Two of ours never share one of theirs: the second of a title is an album of its own.
  const used = new Set<string>()
  const stored = (id: string) => transfers[id]?.album ?? before[id]?.album
  for (const id of Object.keys(albums)) {
    const album = stored(id)
    if (album) used.add(album)
  }
  for (const [id, { title, leftOut }] of Object.entries(albums)) {
    if (leftOut) continue
    const album = stored(id)
    if (album) {
      yield [
        id,
        {
          album,
          how: there[album] || !before[id] ? (before[id]?.how ?? 'made') : 'gone from the server',
        },
      ]
      continue
    }
    const at = FORMS.findIndex(([, form], n) => byForm[n]?.has(form(title)))
    const [how, form] = FORMS[at] ?? ['none', () => '']
    const candidates = (byForm[at]?.get(form(title)) ?? []).filter((other) => !used.has(other))
    const [only, second] = candidates
    if (!only) yield [id, { album: null, how: 'none' }]
    else if (second) yield [id, { album: null, how: 'several', candidates }]
    else if (there[only]?.shared) yield [id, { album: null, how: 'shared', candidates }]
    else {
      used.add(only)
      yield [id, { album: only, how }]
    }
  }
}
