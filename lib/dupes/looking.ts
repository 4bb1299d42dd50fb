import { type Immich, type RawAsset, Refused } from '../immich/immich.ts'
import type { Duplicate } from '../state/records.ts'
import type { Choice } from './choice.ts'
import { decide, type Member } from './deciding.ts'
import type { Thresholds } from './differences.ts'
import { kindsApart } from './kinds.ts'
import { memberOf } from './members.ts'
import type { Face } from './steps.ts'

/** An asset as it is now, with all that belongs to it. */
export type Look = {
  raw: RawAsset
  member: Member
  faces: Face[]
  /** Ids of shared links. */
  links: string[]
  /** The one on top first. */
  stack?: { id: string; members: string[] }
}
/** By asset, the ids of the shared links that it is in. */
export type LinksOf = Map<string, string[]>

/** Undefined where it is gone for good. */
export async function lookAt(
  server: Immich,
  id: string,
  linksOf: LinksOf,
): Promise<Look | undefined> {
  const raw = await assetOrNone(server, id)
  if (!raw) return undefined
  const member = memberOf(raw, await server.albumsOf(id))
  const boxes = member.people ? await server.faces(id) : []
  const faces = boxes.flatMap((box) => {
    const { person, imageWidth: across, imageHeight: down } = box
    if (!person || !across || !down) return []
    const [x, y] = [box.boundingBoxX1 / across, box.boundingBoxY1 / down]
    const [right, low] = [box.boundingBoxX2 / across, box.boundingBoxY2 / down]
    return [{ person: person.id, x, y, width: right - x, height: low - y }]
  })
  const stack = await stackOf(server, raw)
  return { raw, member, faces, links: linksOf.get(id) ?? [], ...(stack && { stack }) }
}

export async function sharedLinksOf(server: Immich): Promise<LinksOf> {
  const of: LinksOf = new Map()
  for (const { id, assets } of await server.sharedLinks())
    for (const asset of assets) of.set(asset.id, [...(of.get(asset.id) ?? []), id])
  return of
}

/** By asset, the ids of the albums that it is in; of these assets alone. */
export async function albumsOf(
  server: Immich,
  assets: Set<string>,
): Promise<Map<string, string[]>> {
  const of = new Map<string, string[]>()
  if (assets.size === 0) return of
  for (const { id } of await server.albums())
    for await (const page of server.albumAssets(id))
      for (const asset of page) if (assets.has(asset)) of.set(asset, [...(of.get(asset) ?? []), id])
  return of
}

/** v2 and v3 answer 400, of bytes v3 says 404. */
export async function assetOrNone(server: Immich, id: string): Promise<RawAsset | undefined> {
  try {
    return await server.asset(id)
  } catch (error) {
    if (error instanceof Refused && (error.status === 400 || error.status === 404)) return undefined
    throw error
  }
}

/** An asset tells of no stack whose others are archived; that it lies on top of one must be asked. */
async function stackOf(server: Immich, { id, stack }: RawAsset): Promise<Look['stack']> {
  const found = await server.stackUnder(stack?.primaryAssetId ?? id)
  if (!found) return undefined
  const rest = found.assets.map(({ id }) => id).filter((one) => one !== found.primaryAssetId)
  return { id: found.id, members: [found.primaryAssetId, ...rest] }
}

/** Why a group may not be touched as it was decided, or null. `fresh`: also whether the decision would be the same today. */
export function whyNot(
  group: Duplicate,
  { winner, losers, isPersons }: Omit<Choice, 'stack'>,
  looks: Map<string, Look | undefined>,
  { me, thresholds, fresh }: { me: string | undefined; thresholds: Thresholds; fresh: boolean },
): string | null {
  const again = fresh ? 'run dupes-analyze again' : 'run dupes-restore, then dupes-analyze'
  for (const id of [winner, ...losers]) {
    const look = looks.get(id)
    const name = group.assets[id]?.name ?? id
    if (!look) return `"${name}" is gone from the server: ${again}`
    const { raw, member } = look
    if (raw.isTrashed) return `"${name}" lies in the trash: ${again}`
    if (raw.ownerId !== me) return `"${name}" belongs to another user`
    if (member.library) return `"${name}" belongs to an external library`
    if (raw.isOffline) return `"${name}" is offline`
    if (member.sha1 !== group.assets[id]?.sha1) return `"${name}" holds other bytes now: ${again}`
  }
  const stacks = new Set([winner, ...losers].flatMap((id) => looks.get(id)?.stack?.id ?? []))
  if (stacks.size > 1) return 'they are in two stacks: unstack one of them in Immich'
  if (!fresh) return null
  const order = Object.keys(group.assets).filter((id) => id === winner || losers.includes(id))
  const members = order.map((id) => [id, looks.get(id)?.member as Member] as const)
  const now = decide(Object.fromEntries(members), { how: group.how, ...thresholds })
  const known = new Set(group.conflicts.map(({ type }) => type))
  const isOther = !isPersons && (now.winner !== winner || now.losers.length !== losers.length)
  const best = looks.get(winner)?.member as Member
  // An edit may have been made in Immich since.
  const isApart = losers.some((id) => kindsApart(best, looks.get(id)?.member as Member) !== null)
  if (isOther || isApart || now.conflicts.some(({ type }) => !known.has(type)))
    return `what they say of themselves has changed: ${again}`
  return null
}
