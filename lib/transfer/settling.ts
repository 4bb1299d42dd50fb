import type { Immich } from '../immich/immich.ts'
import { mediaKind } from '../pairing/media.ts'
import type { Asset, Link, Photo, PhotoFile, Transfer } from '../state/records.ts'
import { type Edited, filesLeft, keyIn, linkedStart, motionOf } from '../takeout/photo-files.ts'
import { complete } from './sending.ts'

/**
 * Pays what a photo owes once all its assets are there: the link from a still to its motion half, the stack of edited
 * copies on their original, the albums of what it was before, and the way to the trash of what lay in Google's. Undefined where there is nothing to pay yet.
 */
export async function settle(
  server: Immich,
  photo: Photo,
  transfer: Transfer,
  edited: Edited = 'stack',
): Promise<Transfer | undefined> {
  const { asset, others = {}, owes = [] } = transfer
  if (!asset || owes.length === 0 || filesLeft(photo, transfer).length > 0) return
  const want = { ...transfer.want }
  let { gave } = transfer
  const live = motionOf(photo, transfer)
  // What is locked no key can change: its half is hidden already, and its edited copies lie beside it.
  if (owes.includes('live') && live && !photo.locked) {
    await server.updateAsset(asset, { livePhotoVideoId: live })
    want.live = live
  }
  const assetsOf = (role: PhotoFile['role']) =>
    photo.files
      .filter((file) => file.role === role && mediaKind(file.path) === photo.kind)
      .flatMap((file) => others[keyIn(transfer, file)] ?? [])
  // Identical bytes are one asset, which cannot lie on itself; an edit that a newer one replaced lies below.
  const pile = [...new Set([...assetsOf('edited'), asset, ...assetsOf('copy')])]
  const source = transfer.before?.at(-1)
  if (owes.includes('albums') && source) await server.copyTo(asset, source)
  if (owes.includes('stack') && edited === 'stack' && pile.length > 1 && !photo.locked) {
    await server.createStack(pile)
    want.stack = pile
  }
  if (owes.includes('trash')) {
    await server.trash(pile)
    want.trashed = true
    delete want.stack
    gave = gave && Object.fromEntries(Object.entries(gave).map(inTrash))
  }
  return { ...transfer, want, ...(gave && { gave }), owes: [], at: new Date().toISOString() }
}

/** The edited copies go with their original; a motion half stays behind its still. */
function inTrash([key, given]: [string, NonNullable<Transfer['gave']>[string]]) {
  const isHalf = given.want?.visibility === 'hidden'
  return [key, isHalf ? given : { ...given, want: { ...given.want, trashed: true as const } }]
}

/** Takes a photo over that the server had before; what it lacks is added. */
export async function takeOver(server: Immich, photo: Photo, link: Link, asset: Asset | undefined) {
  const start = linkedStart(photo, link, asset)
  return asset ? complete(server, photo, start, asset) : start
}

/**
 * Brings back what its owner removed: out of the server's trash, or, where it is gone for good, by a mark that it is to be
 * sent again. What was emptied from the trash meanwhile is Refused; the next listing knows that it is gone.
 */
export async function bringBack(
  server: Immich,
  id: string,
  known: {
    photos: Record<string, Photo>
    assets: Record<string, Asset>
    links: Record<string, Link>
    transfers: Record<string, Transfer>
  },
): Promise<Transfer> {
  const { photos, assets, links, transfers } = known
  const at = new Date().toISOString()
  const asset = (transfers[id]?.asset ?? links[id]?.asset) as string
  if (!assets[asset]?.trashed) return { at, again: true }
  await server.restore([asset])
  const transfer = transfers[id]
  if (!transfer?.asset)
    return takeOver(server, photos[id] as Photo, links[id] as Link, assets[asset])
  const { trashed: _, ...want } = transfer.want ?? {}
  return { ...transfer, want, at }
}
