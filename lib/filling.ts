import type { Immich } from './immich.ts'
import type { Standing } from './standing.ts'
import type { Album, AlbumLink, AssetAlbum, Link, Photo, Transfer } from './state.ts'

type Known = {
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
function albumThere(id: string, { albumLinks, transfers }: Known): string | null | undefined {
  const link = albumLinks[id]
  if (transfers[id]?.album)
    return link?.how === 'gone from the server' ? undefined : transfers[id]?.album
  if (!link || link.how === 'none') return link ? null : undefined
  return link.album ?? undefined
}

/**
 * Photos that are on the server and were not put into their album yet. What was put there once and is gone was taken out
 * by its owner, and stays out.
 */
export function membersLeft(id: string, known: Known, standings: Map<string, Standing>): string[] {
  const { albums, transfers, links } = known
  if (albums[id]?.leftOut || albumThere(id, known) === undefined) return []
  const added = new Set(transfers[id]?.added)
  const there = new Set(['transferred', 'linked', 'to complete', 'to send', 'failed'])
  return (albums[id]?.photos ?? []).filter(
    (photo) =>
      !added.has(photo) &&
      there.has(standings.get(photo)?.is ?? '') &&
      (transfers[photo]?.asset ?? links[photo]?.asset),
  )
}

/** Puts the photos into their album, which is made where there is none. Gives the transfer of the album, batch by batch. */
export async function* fillAlbum(
  server: Immich,
  id: string,
  photos: string[],
  known: Known,
): AsyncGenerator<{ transfer: Transfer; refused: number }> {
  const { albums, assetAlbums, links, transfers } = known
  const { title, description } = albums[id] as Album
  const assetOf = (photo: string) => (transfers[photo]?.asset ?? links[photo]?.asset) as string
  let transfer: Transfer = { ...transfers[id], at: new Date().toISOString() }
  let album = albumThere(id, known)
  if (!album) {
    const made = await server.createAlbum({ albumName: title, ...(description && { description }) })
    album = made.id
    transfer = { ...transfer, album, want: { title, ...(description && { description }) } }
    yield { transfer, refused: 0 }
  } else if (!transfer.album) {
    transfer = { ...transfer, album, had: true, want: {} }
    if (description && !assetAlbums[album]?.description) {
      await server.updateAlbum(album, { description })
      transfer.want = { description }
    }
  }
  for (let from = 0; from < photos.length; from += BATCH) {
    const batch = photos.slice(from, from + BATCH)
    const answers = await server.addToAlbum(album, [...new Set(batch.map(assetOf))])
    const refused = new Set(
      answers.filter(({ success, error }) => !success && error !== 'duplicate').map(({ id }) => id),
    )
    const added = batch.filter((photo) => !refused.has(assetOf(photo)))
    transfer = {
      ...transfer,
      at: new Date().toISOString(),
      added: [...(transfer.added ?? []), ...added],
    }
    yield { transfer, refused: batch.length - added.length }
  }
}
