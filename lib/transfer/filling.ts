import type { Immich } from '../immich/immich.ts'
import type { Album, AlbumLink, AssetAlbum, Link, Photo, Transfer } from '../state/records.ts'
import type { Rules, Standing } from './standing.ts'

export type Known = {
  photos: Record<string, Photo>
  albums: Record<string, Album>
  assetAlbums: Record<string, AssetAlbum>
  links: Record<string, Link>
  albumLinks: Record<string, AlbumLink>
  transfers: Record<string, Transfer>
}

// A record of what was added is written after each batch, so that a kill repeats no more than one.
const BATCH = 1000

/** The server's album of one of ours, or null where it is to be made; undefined where it has to wait or was removed. */
function albumThere(id: string, { albumLinks, transfers }: Known, rules: Rules) {
  const link = albumLinks[id]
  if (link?.how === 'gone from the server') return rules.restoreDeleted ? null : undefined
  if (transfers[id]?.album) return transfers[id]?.album
  if (!link) return undefined
  if (link.how === 'none') return null
  if (link.how === 'shared' && rules.intoShared) return link.candidates?.[0]
  return link.album ?? undefined
}

/**
 * Photos that are on the server and were not put into their album yet. What was put there once and is gone was taken out
 * by its owner, and stays out (design section 5, rule 11) unless `restoreDeleted` asks for it.
 */
export function membersLeft(
  id: string,
  known: Known,
  standings: Map<string, Standing>,
  rules: Rules,
): string[] {
  const { albums, transfers } = known
  const album = albumThere(id, known, rules)
  if (albums[id]?.leftOut || album === undefined) return []
  const added = new Set(album === null ? [] : transfers[id]?.added)
  const there = new Set(['transferred', 'linked', 'to complete', 'to send', 'failed'])
  const wanted = (photo: string) =>
    there.has(standings.get(photo)?.is ?? '') && assetOf(photo, known) && !added.has(photo)
  const left = (albums[id]?.photos ?? []).filter(wanted)
  return rules.restoreDeleted ? [...left, ...takenOut(id, known)] : left
}

/**
 * What Google calls and says of an album today, where that is something else than it was given, and the server still shows
 * what it was given; with `overwrite` whatever it shows. Of an album that was there before only what we gave.
 */
export function albumNews(
  id: string,
  { albums, assetAlbums, transfers }: Known,
  { overwrite = false }: Rules,
): { albumName?: string; description?: string } {
  const { album = '', want = {}, had, at = '' } = transfers[id] ?? {}
  const { title, description = '' } = albums[id] as Album
  const there = assetAlbums[album]
  if (!there || at >= there.seen) return {}
  const shown = there.description ?? ''
  const isRenamed = title !== there.title && (overwrite ? !had : title !== want.title)
  const isSaidAnew =
    description !== shown && (overwrite || description !== (want.description ?? ''))
  return {
    ...(isRenamed &&
      want.title &&
      (overwrite || there.title === want.title) && { albumName: title }),
    ...(isSaidAnew &&
      description &&
      (overwrite || shown === (want.description ?? '')) && { description }),
  }
}

/** Photos that were put into the album, and that the server's list of it does not have. */
function takenOut(id: string, known: Known) {
  const { album, added = [], at } = known.transfers[id] ?? {}
  const listed = known.assetAlbums[album ?? '']
  // What was put there after the list was fetched cannot be in it.
  if (!listed || (at ?? '') >= listed.seen) return []
  const members = new Set(listed.assets)
  return added.filter((photo) => {
    const asset = assetOf(photo, known)
    return asset && !members.has(asset)
  })
}

/** The asset of a photo, sent or linked. */
export function assetOf(
  photo: string,
  { transfers, links }: Pick<Known, 'transfers' | 'links'>,
): string | undefined | null {
  return transfers[photo]?.asset ?? (transfers[photo]?.again ? undefined : links[photo]?.asset)
}

/**
 * After a kill an album may be there though the answer to its making was lost. Albums are made one after the other, each
 * journalled before the next, so that there is one at most, and what no transfer knows of this title is it.
 */
async function madeBefore(
  server: Immich,
  title: string,
  others: Set<string | undefined>,
  unfinishedSince: string,
) {
  const owner = await server.me()
  const album = (await server.albums()).find(
    ({ id, albumName, createdAt, ownerId }) =>
      albumName === title &&
      (owner === undefined || ownerId === owner) &&
      createdAt >= unfinishedSince &&
      !others.has(id),
  )
  return album?.id
}

/**
 * Puts the photos into their album, which is made where there is none. Gives the transfer of the album, batch by batch; one
 * with `sending` has to be on disk before the next is asked for. `unfinishedSince` as in Sending.
 */
export async function* fillAlbum(
  server: Immich,
  id: string,
  photos: string[],
  known: Known,
  rules: Rules,
  unfinishedSince: string,
): AsyncGenerator<{ transfer: Transfer; refused: number }> {
  const { albums, assetAlbums } = known
  const { title, description } = albums[id] as Album
  const { failed: _, tries: __, sending, ...before } = known.transfers[id] ?? {}
  let transfer: Transfer = { ...before, at: new Date().toISOString() }
  let album = albumThere(id, known, rules)
  if (!album) {
    const { at } = transfer
    const others = new Set(Object.values(known.transfers).map(({ album }) => album))
    album = sending && (await madeBefore(server, title, others, unfinishedSince))
    if (!album) {
      yield { transfer: { at, sending: true }, refused: 0 }
      const text = description && { description }
      album = (await server.createAlbum({ albumName: title, ...text }, others)).id
    }
    transfer = { at, album, want: { title, ...(description && { description }) } }
    yield { transfer, refused: 0 }
  } else if (!transfer.album) {
    transfer = { ...transfer, album, had: true, want: {} }
    if (description && !assetAlbums[album]?.description) {
      await server.updateAlbum(album, { description })
      transfer.want = { description }
    }
  }
  const news = albumNews(id, known, rules)
  if (Object.keys(news).length > 0) {
    await server.updateAlbum(album, news)
    const { albumName, ...text } = news
    const want = { ...transfer.want, ...text, ...(albumName && { title: albumName }) }
    transfer = { ...transfer, want }
    yield { transfer, refused: 0 }
  }
  for (let from = 0; from < photos.length; from += BATCH) {
    const batch = photos.slice(from, from + BATCH)
    const ids = new Map(batch.map((photo) => [photo, assetOf(photo, known) as string]))
    const answers = await server.addToAlbum(album, [...new Set(ids.values())])
    const refused = new Set(
      answers.filter(({ success, error }) => !success && error !== 'duplicate').map(({ id }) => id),
    )
    const added = batch.filter((photo) => !refused.has(ids.get(photo) as string))
    transfer = {
      ...transfer,
      at: new Date().toISOString(),
      added: [...new Set([...(transfer.added ?? []), ...added])],
    }
    yield { transfer, refused: batch.length - added.length }
  }
}
