import { createHash } from 'node:crypto'
import { bodies } from './archive.ts'
import { completion } from './arrival.ts'
import type { Immich } from './immich.ts'
import { filesLeft, motionOf } from './sending.ts'
import type { Asset, Link, Part, Photo, Transfer } from './state.ts'
import { locate } from './whereabouts.ts'

/**
 * After a kill: a big file whose answer never came is looked for on the server before it goes again. `record` gets the
 * transfers as they then are.
 */
export async function askAboutUnanswered(
  server: Immich,
  state: {
    parts: Record<string, Part>
    photos: Record<string, Photo>
    transfers: Record<string, Transfer>
  },
  record: (id: string, transfer: Transfer) => void,
): Promise<void> {
  const { parts, photos, transfers } = state
  const doubtful = Object.keys(transfers).filter((id) => transfers[id]?.sending && photos[id])
  if (doubtful.length === 0) return
  for (const [part, wanted] of await locate(parts, photos, doubtful, transfers)) {
    const byPath = new Map(wanted.map((one) => [one.from.path, one]))
    for await (const { path, open } of bodies(
      parts[part] as Part,
      wanted.map(({ from }) => from),
    )) {
      const { id, file } = byPath.get(path) as { id: string; file: Photo['files'][number] }
      const hash = createHash('sha1')
      for await (const chunk of open()) hash.update(chunk)
      const sha1 = hash.digest('hex')
      const [known] = await server.check([sha1])
      const { sending: _, ...transfer } = transfers[id] as Transfer
      if (!known?.assetId) record(id, transfer)
      else if (file === photos[id]?.files[0])
        record(id, { ...transfer, asset: known.assetId, sha1, want: { sha1 } })
      else record(id, { ...transfer, others: { ...transfer.others, [file.path]: known.assetId } })
    }
  }
}

/**
 * Pays what a photo owes once all its assets are there: the link from a still to its motion half, and the stack of
 * edited copies, the newest edit on top. Undefined where there is nothing to pay yet.
 */
export async function settle(
  server: Immich,
  photo: Photo,
  transfer: Transfer,
): Promise<Transfer | undefined> {
  const { asset, others = {} } = transfer
  if (!asset || !transfer.owes?.length || filesLeft(photo, transfer).length > 0) return
  const want = { ...transfer.want }
  const live = motionOf(photo, transfer)
  if (transfer.owes.includes('live') && live) {
    await server.updateAsset(asset, { livePhotoVideoId: live })
    want.live = live
  }
  if (transfer.owes.includes('stack')) {
    const edited = photo.files
      .filter(({ role }) => role === 'edited')
      .flatMap(({ path }) => others[path] ?? [])
    // Identical bytes are one asset, which cannot lie on itself.
    const pile = [...new Set([...edited, asset])]
    if (pile.length > 1) await server.createStack(pile)
    want.stack = pile
  }
  return { ...transfer, want, owes: [], at: new Date().toISOString() }
}

/** Adds what an asset that was there before lacks of its photo: once, and never over what is there. */
export async function complete(
  server: Immich,
  photo: Photo,
  link: Link,
  asset: Asset,
): Promise<Transfer> {
  const lacking = completion(photo, asset)
  if (lacking) await server.updateAsset(link.asset as string, lacking.changes)
  return {
    asset: link.asset as string,
    ...(link.sha1 && { sha1: link.sha1 }),
    at: new Date().toISOString(),
    had: true,
    want: lacking?.want ?? {},
  }
}
