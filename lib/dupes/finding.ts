import { push } from '../pairing/folder.ts'
import { splitName } from '../pairing/media.ts'
import type { Found, Member } from './deciding.ts'
import { distance, THRESHOLDS } from './differences.ts'

/** What finding needs of an asset, so that a whole library fits into memory. */
export type Candidate = Pick<
  Member,
  'name' | 'type' | 'width' | 'height' | 'taken' | 'place' | 'make' | 'model' | 'visibility'
> & {
  /** The server's group. */
  duplicate?: string
  /** Wall clock, ISO written as if UTC. */
  local?: string
  trashed?: boolean
}

export type Group = { key: string; how: Found; ids: string[] }

/** The groups of a library, the server's own first, and no asset in two of them. */
export function groupsOf(
  assets: Map<string, Candidate>,
  { byName, letterbox }: { byName: boolean; letterbox: boolean },
): { groups: Group[]; ambiguous: number } {
  const cuts = letterbox ? letterboxed(assets) : { groups: [], ambiguous: 0 }
  const taken = new Set<string>()
  const all = [...serverGroups(assets), ...cuts.groups, ...(byName ? namesakes(assets) : [])]
  const groups = all.filter(({ ids }) => {
    if (ids.some((id) => taken.has(id))) return false
    for (const id of ids) taken.add(id)
    return true
  })
  return { groups, ambiguous: cuts.ambiguous }
}

/** The server's own groups, trashed and hidden members left out, of two members at least. */
export function serverGroups(assets: Map<string, Candidate>): Group[] {
  const groups = new Map<string, string[]>()
  for (const [id, one] of assets) if (one.duplicate && isShown(one)) push(groups, one.duplicate, id)
  return [...groups].flatMap(([key, ids]) => (ids.length > 1 ? [{ key, how: 'immich', ids }] : []))
}

/**
 * Assets of one name (but for its extension) and one second, by the instant or by the wall clock: a phone's original and its
 * copy that came by way of Google. For servers without machine learning; what a name and a second say is no proof.
 */
export function namesakes(assets: Map<string, Candidate>): Group[] {
  const byName = new Map<string, string[]>()
  for (const [id, { name, type, ...one }] of assets)
    if (isShown(one) && one.taken) push(byName, `${type} ${stem(name)}`, id)
  return [...byName.values()].flatMap((ids) => {
    const clusters = new Map<string, string[]>()
    for (const id of ids) {
      const { taken = '', local = '' } = assets.get(id) as Candidate
      const [instant, clock] = [`i${taken.slice(0, 19)}`, `w${local.slice(0, 19)}`]
      const near = new Set([clusters.get(instant) ?? [], clusters.get(clock) ?? []])
      // One may be what two others have in common.
      const mine = [...[...near].flat(), id]
      for (const [key, cluster] of clusters) if (near.has(cluster)) clusters.set(key, mine)
      clusters.set(instant, mine)
      if (local) clusters.set(clock, mine)
    }
    return [...new Set(clusters.values())]
      .filter((mine) => mine.length > 1)
      .map(
        (mine): Group => ({ key: `name-${mine.toSorted()[0]}`, how: 'name and second', ids: mine }),
      )
  })
}

/**
 * An iPhone that was set to 16:9 keeps the 4:3 picture, too: pairs of one camera, second and place, one of each shape. More
 * than one of a shape says nothing.
 */
export function letterboxed(assets: Map<string, Candidate>): {
  groups: Group[]
  ambiguous: number
} {
  const bySecond = new Map<string, string[]>()
  for (const [id, one] of assets) {
    const { type, make = '', model = '', taken } = one
    const isPhone = /apple/i.test(make) && /iphone/i.test(model)
    if (type !== 'image' || !isPhone || !taken || !isShown(one) || !shapeOf(one)) continue
    push(bySecond, `${make} ${model} ${taken.slice(0, 19)}`.toLowerCase(), id)
  }
  const groups: Group[] = []
  let ambiguous = 0
  for (const ids of bySecond.values()) {
    for (const near of byPlace(ids, assets)) {
      const of = (shape: string) =>
        near.filter((id) => shapeOf(assets.get(id) as Candidate) === shape)
      const [tall, wide] = [of('4:3'), of('16:9')]
      if (tall.length === 0 || wide.length === 0) continue
      if (tall.length > 1 || wide.length > 1) ambiguous++
      else groups.push({ key: `letterbox-${tall[0]}`, how: 'letterbox', ids: [...tall, ...wide] })
    }
  }
  return { groups, ambiguous }
}

/** 4:3 or 16:9, however it is turned; null for any other shape. */
export function shapeOf({
  width = 0,
  height = 0,
}: Pick<Member, 'width' | 'height'>): '4:3' | '16:9' | null {
  if (width <= 0 || height <= 0) return null
  const ratio = Math.max(width, height) / Math.min(width, height)
  if (Math.abs(ratio - 4 / 3) <= 0.01) return '4:3'
  return Math.abs(ratio - 16 / 9) <= 0.01 ? '16:9' : null
}

/** Those that lie within the threshold of one another; one without a place goes with any. */
function byPlace(ids: string[], assets: Map<string, Candidate>): string[][] {
  const placeOf = (id: string) => assets.get(id)?.place
  const clusters: string[][] = []
  for (const id of ids) {
    const place = placeOf(id)
    const near = clusters.find((cluster) =>
      cluster.every((other) => {
        const there = placeOf(other)
        return !place || !there || distance(place, there) <= THRESHOLDS.metres
      }),
    )
    if (near) near.push(id)
    else clusters.push([id])
  }
  return clusters
}

function isShown({ visibility, trashed }: Pick<Candidate, 'visibility' | 'trashed'>) {
  return !trashed && (visibility === 'timeline' || visibility === 'archive')
}

const stem = (name: string) => splitName(name.normalize('NFC').toLowerCase()).base
