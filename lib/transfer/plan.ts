import { albumTitles, type Choice } from '../choose.ts'
import { count, size } from '../progress.ts'
import type { AlbumLink, Asset, Check, Photo, Run } from '../state/records.ts'
import { filesLeft, linkedStart, shaped } from '../takeout/photo-files.ts'
import { type Known as Albums, albumNews, assetOf as assetIn, membersLeft } from './filling.ts'
import { remarksOf } from './remarks.ts'
import { type Kind, MAX_TRIES, type Rules, type Standing, standing, tally } from './standing.ts'

/** The collections that a plan is made of. */
export const PLANNED = [
  'photos',
  'albums',
  'assets',
  'assetAlbums',
  'links',
  'albumLinks',
  'transfers',
  'checks',
  'runs',
] as const

type Known = Albums & {
  assets: Record<string, Asset>
  checks: Record<string, Check>
  runs: Record<string, Run>
}

/**
 * What is left to do for the chosen photos. `photos` has each with the files that are wanted of it, `standings` tells
 * where each of them stands, `counts` sums that up.
 */
export function planOf(known: Known, choice: Choice, rules: Rules) {
  const { albums, assets, links, albumLinks, transfers, checks, runs } = known
  const edited = rules.edited ?? 'stack'
  const photos = Object.fromEntries(
    Object.entries(known.photos).map(([id, photo]) => [id, shaped(photo, edited)]),
  )
  const titles = albumTitles(albums)
  const seen = { assets, indexed: runs['index-immich']?.at ?? '' }
  const standings = new Map<string, Standing>()
  for (const [id, photo] of Object.entries(photos)) {
    if (!choice.photo(photo, titles.get(id) ?? [])) continue
    standings.set(id, standing(photo, links[id], transfers[id], checks[id], seen, rules))
  }
  /** What a person may want to look at: reason -> how many photos. */
  const remarks = () => {
    const counts: Record<string, number> = {}
    for (const id of standings.keys())
      for (const { why } of remarksOf(photos[id] as Photo, links[id], transfers[id], seen))
        counts[why] = (counts[why] ?? 0) + 1
    return counts
  }
  const those = (...kinds: Kind[]) =>
    [...standings].filter(([, { is }]) => kinds.includes(is)).map(([id]) => id)
  const isTired = (id: string) => (transfers[id]?.tries ?? 0) >= MAX_TRIES && !rules.retry

  const assetOf = (id: string) => assetIn(id, known)
  const bytesLeft = (id: string) => {
    const photo = photos[id] as Photo
    const link = links[id]
    const asset = assetOf(id)
    const start =
      link && asset && !transfers[id]?.asset
        ? linkedStart(photo, link, assets[asset])
        : transfers[id]
    return filesLeft(photo, start).reduce((sum, file) => sum + file.size, 0)
  }
  /** What would be sent of these photos, in bytes. */
  const bytesOf = (ids: string[]) => ids.reduce((sum, id) => sum + bytesLeft(id), 0)
  /** The same for people: of what was picked nobody knows the size before it comes. */
  const sizeOf = (ids: string[]) => {
    const known = bytesOf(ids)
    const picked = ids.filter((id) => photos[id]?.picked && !assetOf(id)).length
    if (picked === 0) return size(known)
    return `${known > 0 ? `${size(known)} and ` : ''}${count(picked, 'picked photo')} of unknown size`
  }
  const chosen = Object.entries(albums).filter(
    ([, { title, leftOut }]) => !leftOut && choice.album(title),
  )
  /** Albums that lack photos which are on the server, and those that are called otherwise now. */
  const albumsLeft = () =>
    chosen
      .map(([id]) => id)
      .filter(
        (id) =>
          membersLeft(id, known, standings, rules).length > 0 ||
          Object.keys(albumNews(id, known, rules)).length > 0,
      )
  const inAlbum = (how: (link: AlbumLink | undefined) => boolean) =>
    chosen.filter(([id, { photos }]) => photos.length > 0 && how(albumLinks[id])).length
  return {
    photos,
    standings,
    those,
    /** Photos with anything to do for them, those that failed before last. */
    left: [...those('to send', 'to complete'), ...those('failed').filter((id) => !isTired(id))],
    tired: those('failed').filter(isTired),
    assetOf,
    bytesOf,
    sizeOf,
    albumsLeft,
    remarks,
    counts: tally(standings.values()),
    albums: {
      toMake: inAlbum((link) => !link || (link.how === 'none' && !link.album)),
      there: inAlbum((link) => Boolean(link?.album)),
      waiting: inAlbum((link) => link?.how === 'several' || link?.how === 'shared'),
    },
  }
}
