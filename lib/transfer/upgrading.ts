import { type Changes, type Immich, Refused } from '../immich/immich.ts'
import type { Asset, Link, Transfer } from '../state/records.ts'

/** Smaller renditions of a sent photo that still lie on the server. */
export function smallerOnes(
  link: Link | undefined,
  transfer: Transfer | undefined,
  assets: Record<string, Asset>,
): string[] {
  if (!transfer?.asset) return []
  const { upgraded, before = [], others = {} } = transfer
  const done = new Set([...(upgraded ?? []), ...Object.values(others)])
  const linked = link?.how === 'smaller on the server' ? (link.candidates ?? []) : []
  return [...linked, ...before].filter(
    (id) => !done.has(id) && assets[id] && !assets[id].trashed && !assets[id].library,
  )
}

/**
 * Puts the photo in the place of its smaller renditions: their albums, favourite, stack and shared links are copied by the
 * server, a caption where the photo has none, and they go to the trash. Throws Refused where the server's copy
 * of the photo is not what was sent.
 */
export async function upgrade(
  server: Immich,
  transfer: Transfer,
  small: string[],
  assets: Record<string, Asset>,
): Promise<Transfer> {
  const target = transfer.asset as string
  const there = await server.asset(target)
  if (Buffer.from(there.checksum, 'base64').toString('hex') !== transfer.sha1 || there.isTrashed)
    throw new Refused(409, 'it does not hold what was sent, so the smaller one stays')
  const changes: Changes = {}
  for (const id of small) {
    await server.copyTo(target, id)
    const { description } = assets[id] as Asset
    if (description && !there.exifInfo?.description) changes.description ??= description
  }
  if (Object.keys(changes).length > 0) await server.updateAsset(target, changes)
  await server.trash(small)
  return {
    ...transfer,
    at: new Date().toISOString(),
    upgraded: [...(transfer.upgraded ?? []), ...small],
  }
}
