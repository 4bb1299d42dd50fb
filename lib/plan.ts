import { membersLeft } from './filling.ts'
import { filesLeft } from './sending.ts'
import { type Kind, type Rules, type Standing, standing, tally } from './standing.ts'
import type { Album, AlbumLink, Asset, AssetAlbum, Link, Photo, Run, Transfer } from './state.ts'

/** The collections that a plan is made of. */
export const PLANNED = [
  'photos',
  'albums',
  'assets',
  'assetAlbums',
  'links',
  'albumLinks',
  'transfers',
  'runs',
] as const

type Known = {
  photos: Record<string, Photo>
  albums: Record<string, Album>
  assets: Record<string, Asset>
  assetAlbums: Record<string, AssetAlbum>
  links: Record<string, Link>
  albumLinks: Record<string, AlbumLink>
  transfers: Record<string, Transfer>
  runs: Record<string, Run>
}
type Choice = { photo(photo: Photo, titles: string[]): boolean; album(title: string): boolean }

/**
 * What is left to do for the chosen photos. `standings` tells where each of them stands, `counts` sums that up, and
 * `bytes` is what would go over.
 */
export function planOf(known: Known, choice: Choice, rules: Rules) {
  const { photos, albums, assets, links, albumLinks, transfers, runs } = known
  const titles = new Map<string, string[]>()
  for (const { title, photos } of Object.values(albums)) {
    for (const id of photos) {
      const list = titles.get(id)
      if (list) list.push(title)
      else titles.set(id, [title])
    }
  }
  const server = { assets, until: String(runs['index-immich']?.until ?? '') }
  const standings = new Map<string, Standing>()
  for (const [id, photo] of Object.entries(photos)) {
    if (!choice.photo(photo, titles.get(id) ?? [])) continue
    standings.set(id, standing(photo, links[id], transfers[id], server, rules))
  }
  const those = (...kinds: Kind[]) =>
    [...standings].filter(([, { is }]) => kinds.includes(is)).map(([id]) => id)
  const bytesLeft = (id: string) =>
    filesLeft(photos[id] as Photo, transfers[id]).reduce((sum, file) => sum + file.size, 0)
  /** Albums that lack photos which are on the server. */
  const albumsLeft = () =>
    Object.keys(albums).filter(
      (id) => choice.album(albums[id]?.title ?? '') && membersLeft(id, known, standings).length > 0,
    )
  const chosen = Object.entries(albums).filter(
    ([, { title, leftOut }]) => !leftOut && choice.album(title),
  )
  const inAlbum = (how: (link: AlbumLink | undefined) => boolean) =>
    chosen.filter(([id, { photos }]) => photos.length > 0 && how(albumLinks[id])).length
  return {
    standings,
    those,
    bytesLeft,
    albumsLeft,
    counts: tally(standings.values()),
    albums: {
      toMake: inAlbum((link) => !link || (link.how === 'none' && !link.album)),
      there: inAlbum((link) => Boolean(link?.album)),
      waiting: inAlbum((link) => link?.how === 'several' || link?.how === 'shared'),
    },
  }
}
