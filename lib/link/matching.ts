import { storedName } from '../immich/upload.ts'
import type { Asset, Link, Photo, Transfer } from '../state/records.ts'

export const STRICTNESS = ['exact', 'high', 'medium', 'low'] as const
export type Strictness = (typeof STRICTNESS)[number]

/** What a photo's own bytes tell beyond the index, read only where a candidate makes it worth it. */
export type Bytes = { sha1?: string; width?: number; height?: number }

/**
 * The assets in the ways in which photos look for them. External libraries' checksums are of paths, not of bytes. What was
 * sent for one photo is by its name no other photo's.
 */
export function assetIndex(assets: Record<string, Asset>, transfers: Record<string, Transfer>) {
  const sent = new Set<string>()
  for (const { asset, had, others = {} } of Object.values(transfers)) {
    if (asset && !had) sent.add(asset)
    for (const other of Object.values(others)) sent.add(other)
  }
  const bySize = new Map<number, string[]>()
  const byName = new Map<string, string[]>()
  for (const [id, asset] of Object.entries(assets)) {
    if (asset.visibility === 'hidden') continue
    if (asset.size !== null && !asset.library) push(bySize, asset.size, id)
    if (!asset.trashed && !sent.has(id)) push(byName, stem(asset.name), id)
  }
  return { assets, bySize, byName }
}
export type AssetIndex = ReturnType<typeof assetIndex>

/** Assets that may hold the very bytes: those of the same size. To be told by SHA-1. */
export function sameSize(photo: Photo, { bySize }: AssetIndex): string[] {
  return bySize.get(photo.files[0]?.size ?? -1) ?? []
}

/** Assets of the photo's name and kind, and (unless `anyTime`) of its second. */
export function sameName(photo: Photo, { assets, byName }: AssetIndex, anyTime = false): string[] {
  const named = byName.get(stem(storedName(photo.title))) ?? []
  return named.filter((id) => {
    const asset = assets[id] as Asset
    return asset.kind === photo.kind && (anyTime || timeAgrees(photo, asset))
  })
}

/** Instant or wall clock, to the second: an asset without a zone is off by hours (design section 5, rule 12). */
export function timeAgrees({ taken, takenFrom }: Photo, asset: Asset): boolean {
  if (taken === null || takenFrom === 'year') return false
  const second = (iso: string) => Math.floor(Date.parse(iso) / 1000)
  return second(asset.taken) === taken || second(asset.local) === taken
}

/**
 * The link of a photo: design section 5, rules 10 to 12. `bytes` is what was read of it: `sha1` where an asset has its
 * size, the pixel size where one has its name and time. Several candidates are never guessed at, and none that `isRefused`,
 * because a person said that it is another picture, is taken for less than its very bytes.
 */
export function matchPhoto(
  photo: Photo,
  bytes: Bytes,
  index: AssetIndex,
  strictness: Strictness,
  isRefused: (asset: string) => boolean = () => false,
): Link {
  const { assets } = index
  const named = (anyTime = false) =>
    sameName(photo, index, anyTime).filter((asset) => !isRefused(asset))
  const sha1 = bytes.sha1 ? { sha1: bytes.sha1 } : {}
  const equal = sameSize(photo, index).filter((id) => assets[id]?.sha1 === bytes.sha1)
  // The server itself refuses a second asset of the same bytes; one in the trash still counts.
  if (equal[0]) return { asset: equal[0], how: 'checksum', ...sha1 }
  if (strictness === 'exact') return { asset: null, how: 'none', ...sha1 }

  const candidates = named()
  const compared = candidates.map((id) => ({ id, how: compare(photo, bytes, assets[id] as Asset) }))
  const smaller = compared.filter(({ how }) => how === 'smaller on the server')
  const certain = compared.filter(({ how }) => how !== null && how !== 'smaller on the server')
  const answer = one(certain, sha1)
  if (answer) return answer
  if (smaller[0]) {
    return {
      asset: null,
      how: 'smaller on the server',
      candidates: smaller.map(({ id }) => id),
      ...sha1,
    }
  }
  if (strictness === 'medium' || strictness === 'low') {
    const answer = one(
      candidates.map((id) => ({ id, how: 'name and time' })),
      sha1,
    )
    if (answer) return answer
  }
  if (strictness === 'low') {
    const answer = one(
      named(true).map((id) => ({ id, how: 'name' })),
      sha1,
    )
    if (answer) return answer
  }
  return { asset: null, how: 'none', ...sha1 }
}

/**
 * Two photos that claim one asset without equal bytes: neither can be told, so both wait; `before` are the claims that
 * were settled earlier, against which a new one waits alone.
 */
export function dispute(links: Map<string, Link>, before: Map<string, string>): void {
  const claims = new Map<string, string[]>()
  for (const [photo, asset] of before) push(claims, asset, photo)
  for (const [photo, { asset, how }] of links)
    if (asset && how !== 'checksum') push(claims, asset, photo)
  for (const [asset, photos] of claims) {
    if (photos.length < 2) continue
    for (const photo of photos.filter((id) => !before.has(id)))
      links.set(photo, { ...links.get(photo), asset: null, how: 'disputed', candidates: [asset] })
  }
}

/** How sure it is that an asset of the same name and time is the same picture; null where nothing shows it. */
function compare(photo: Photo, bytes: Bytes, asset: Asset): string | null {
  const size = photo.files[0]?.size
  if (asset.size === size && (asset.library || !bytes.sha1)) return 'name, time and size'
  if (!bytes.width || !bytes.height || !asset.width || !asset.height) return null
  const [short, long] = [bytes.width, bytes.height].sort((a, b) => a - b) as [number, number]
  const [otherShort, otherLong] = [asset.width, asset.height].sort((a, b) => a - b) as [
    number,
    number,
  ]
  if (short === otherShort && long === otherLong) return 'name, time and dimensions'
  // Another size of one picture has its aspect, to within the rounding of a pixel.
  const sameAspect = Math.abs(long * otherShort - short * otherLong) <= Math.max(long, otherLong)
  if (!sameAspect) return null
  return otherLong < long ? 'smaller on the server' : 'smaller copy'
}

function one(
  candidates: { id: string; how: string | null }[],
  sha1: { sha1?: string },
): Link | null {
  const [first, second] = candidates
  if (!first) return null
  if (second)
    return { asset: null, how: 'several', candidates: candidates.map(({ id }) => id), ...sha1 }
  return { asset: first.id, how: first.how ?? '', ...sha1 }
}

function stem(name: string) {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/\.[^.]*$/, '')
}

function push<K>(groups: Map<K, string[]>, key: K, id: string) {
  const group = groups.get(key)
  if (group) group.push(id)
  else groups.set(key, [id])
}
