import type { Immich } from '../immich/immich.ts'
import type { Asset, Photo, Transfer } from '../state/records.ts'

/**
 * Picked photos that were sent before a Takeout brought their originals, and what is left to do for them: the original
 * gets their albums, and with `trash` they go to the bin. What was on the server before is its owner's.
 */
export function outdated(
  photos: Record<string, Photo>,
  transfers: Record<string, Transfer>,
  assets: Record<string, Asset>,
  trash: boolean,
): string[] {
  return Object.keys(photos).filter((id) => {
    const { replacedBy } = photos[id] as Photo
    const { asset, had, replaced } = transfers[id] ?? ({} as Transfer)
    return replacedBy && asset && !had && !assets[asset]?.trashed && (!replaced || trash)
  })
}

/** Gives the original (`target`) the albums, favourite and shared links of the picked copy. */
export async function replace(
  server: Immich,
  transfer: Transfer,
  target: string,
  trash: boolean,
): Promise<Transfer> {
  const { asset, ...rest } = transfer
  if (!transfer.replaced) await server.copyTo(target, asset as string)
  if (trash) await server.trash([asset as string])
  const at = new Date().toISOString()
  return { ...rest, ...(!trash && { asset }), at, replaced: target }
}
