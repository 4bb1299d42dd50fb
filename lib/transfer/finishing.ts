import type { Immich } from '../immich/immich.ts'
import type { Asset, Check, Link, Photo, Transfer } from '../state/records.ts'
import { mendable, repair } from './repairing.ts'
import { settle } from './settling.ts'
import type { Rules } from './standing.ts'
import { copiesOf, newsOf, update } from './updating.ts'
import { smallerOnes, upgrade } from './upgrading.ts'

/**
 * What a photo that is on the server still needs, one thing after another: what it owes, what the server lost, what
 * Google says anew, and the place of its smaller renditions. Yields the transfer as it then is, to be recorded before the next.
 */
export async function* finishPhoto(
  server: Immich,
  photo: Photo,
  before: Transfer,
  known: {
    link: Link | undefined
    check: Check | undefined
    assets: Record<string, Asset>
    /** Its asset, where that was listed since it was last written. */
    listed: Asset | undefined
    rules: Rules
  },
): AsyncGenerator<Transfer> {
  const { link, check, assets, listed, rules } = known
  let transfer = (await settle(server, photo, before, rules.edited)) ?? before
  if (transfer !== before) yield transfer
  const lost = mendable(transfer, check, rules.restoreDeleted)
  if (lost.size > 0) {
    transfer = await repair(server, transfer, lost)
    yield transfer
  }
  // The copies first: what was sent counts as old until the original has the news.
  for (const [key, copy] of listed ? copiesOf(photo, transfer) : []) {
    const { news } = newsOf(photo, copy, assets[copy.asset as string], rules.overwrite)
    if (Object.keys(news).length === 0) continue
    const { want, own, at } = await update(server, photo, copy, rules.overwrite)
    transfer = { ...transfer, at, gave: { ...transfer.gave, [key]: { want, ...(own && { own }) } } }
    yield transfer
  }
  const { news } = newsOf(photo, transfer, listed, rules.overwrite)
  if (Object.keys(news).length > 0) {
    transfer = await update(server, photo, transfer, rules.overwrite)
    yield transfer
  }
  const small = rules.upgrade ? smallerOnes(link, transfer, assets) : []
  if (small.length > 0) yield await upgrade(server, transfer, small, assets)
}
