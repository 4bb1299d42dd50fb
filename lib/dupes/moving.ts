import type { Duplicate, Link, Transfer } from '../state/records.ts'
import type { OpenState } from '../state/state.ts'
import type { Steps } from './steps.ts'

type Open = OpenState<'duplicates' | 'links' | 'transfers', 'duplicates' | 'links' | 'transfers'>
type Known = { links: Record<string, Link>; transfers: Record<string, Transfer> }
type Moved = NonNullable<Steps['moved']>

/**
 * What photos say of the losers of a group that is done goes over to its winner, so that no later run takes a loser for
 * removed and sends it again. What they said before is kept with the group. A second call does what a first one left.
 */
export function moveOver(
  state: Pick<Open, 'data' | 'put'>,
  key: string,
  photos: Map<string, Set<string>>,
) {
  const { duplicates, links, transfers } = state.data
  const group = duplicates[key] as Duplicate
  const { steps } = group
  if (!steps?.trashed || steps.restored) return
  const { winner, losers } = steps
  const left = toMove(losers, { links, transfers }, photos)
  const moved = { ...left, ...steps.moved }
  if (Object.keys(left).length > 0 || !steps.moved)
    state.put('duplicates', key, { ...group, steps: { ...steps, moved } })
  for (const [id, { link, transfer }] of Object.entries(left)) {
    if (link) state.put('links', id, movedLink(link, winner))
    if (transfer) state.put('transfers', id, movedTransfer(transfer, losers, winner))
  }
}

/** The same back, for photos that still say what they were made to say. `as`: losers that came back under other ids. */
export function moveBack(
  state: Pick<Open, 'data' | 'put'>,
  { winner, moved = {} }: Steps,
  as: Record<string, string> = {},
) {
  const { links, transfers } = state.data
  const back = (asset: string) => as[asset] ?? asset
  for (const [id, { link, transfer }] of Object.entries(moved)) {
    if (link?.asset && links[id]?.asset === winner && links[id]?.was)
      state.put('links', id, { ...link, asset: back(link.asset) })
    const now = transfers[id]
    const isOurs = now?.asset === winner || Object.values(now?.others ?? {}).includes(winner)
    if (!transfer || !isOurs) continue
    const others = Object.entries(transfer.others ?? {}).map(([key, one]) => [key, back(one)])
    state.put('transfers', id, {
      ...transfer,
      ...(transfer.asset && { asset: back(transfer.asset) }),
      ...(others.length > 0 && { others: Object.fromEntries(others) }),
      at: new Date().toISOString(),
    })
  }
}

/** Photos by the assets that their links and transfers name: a library is gone through once, not once for each group. */
export function photosByAsset({ links, transfers }: Known): Map<string, Set<string>> {
  const photos = new Map<string, Set<string>>()
  const add = (asset: string | null | undefined, id: string) => {
    if (asset) photos.set(asset, (photos.get(asset) ?? new Set()).add(id))
  }
  for (const [id, { asset }] of Object.entries(links)) add(asset, id)
  for (const [id, { asset, others = {} }] of Object.entries(transfers))
    for (const one of [asset, ...Object.values(others)]) add(one, id)
  return photos
}

/** The photos whose link or transfer names one of the losers, with what they say now. */
function toMove(
  losers: string[],
  { links, transfers }: Known,
  photos: Map<string, Set<string>>,
): Moved {
  const gone = new Set(losers)
  const moved: Moved = {}
  for (const id of losers.flatMap((loser) => [...(photos.get(loser) ?? [])])) {
    const { [id]: link } = links
    const { [id]: transfer } = transfers
    const isLinked = gone.has(link?.asset ?? '')
    const all = [transfer?.asset, ...Object.values(transfer?.others ?? {})]
    const isSent = all.some((asset) => gone.has(asset ?? ''))
    if (isLinked || isSent)
      moved[id] = { ...(link && isLinked && { link }), ...(transfer && isSent && { transfer }) }
  }
  return moved
}

function movedLink(link: Link, winner: string): Link {
  const was = link.asset as string
  return { ...link, asset: winner, was }
}

/** What was given to the loser is not asked of the winner: that had a life before. */
function movedTransfer(transfer: Transfer, losers: string[], winner: string): Transfer {
  const { gave, others, ...rest } = transfer
  const isMain = losers.includes(transfer.asset ?? '')
  const kept = Object.entries(others ?? {}).map(
    ([key, asset]) => [key, losers.includes(asset) ? winner : asset] as const,
  )
  const left = Object.entries(gave ?? {}).filter(([key]) => !losers.includes(others?.[key] ?? ''))
  return {
    ...rest,
    ...(isMain && { asset: winner, was: transfer.asset as string, had: true, want: {} }),
    ...(kept.length > 0 && { others: Object.fromEntries(kept) }),
    ...(left.length > 0 && { gave: Object.fromEntries(left) }),
    at: new Date().toISOString(),
  }
}
