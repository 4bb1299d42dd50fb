import type { Asset, Decided, Link } from '../state/records.ts'

/** How a link is called that a person made: `decisions["link:" + photo]`. */
export const BY_HAND = 'hand'

/** The asset that a person said a photo is; undefined where nothing was said, or the server has it no more. */
export function chosen(decided: Decided | undefined, assets: Record<string, Asset>) {
  const { accept, asset } = decided ?? {}
  if (!accept || !asset) return undefined
  return assets[asset] && !assets[asset].trashed ? asset : undefined
}

/** Whether a person said that a photo is not this asset: none of those that they could choose from, or none at all. */
export function isRefused(decided: Decided | undefined, asset: string) {
  if (!decided || decided.accept) return false
  return decided.of?.includes(asset) ?? true
}

/** Whether a link still is what a person said, or what nobody has said anything against. */
export function isStillSaid(
  link: Link | undefined,
  decided: Decided | undefined,
  assets: Record<string, Asset>,
) {
  if (!link?.asset) return false
  // Where a duplicate was given up since, the link has gone over to the one that stays.
  const said = decided?.accept ? decided.asset : undefined
  if (link.how === BY_HAND) return said !== undefined && [link.asset, link.was].includes(said)
  return chosen(decided, assets) === undefined && !isRefused(decided, link.asset)
}
