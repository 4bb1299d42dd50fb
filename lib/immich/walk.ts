import type { Connection } from './http.ts'
import type { RawAsset, Visibility } from './raw.ts'

export type Walk = {
  visibilities?: Visibility[]
  withExif?: boolean
  withDeleted?: boolean
  /** ISO; inclusive. */
  updatedAfter?: string
  createdAfter?: string
  takenAfter?: string
  takenBefore?: string
  originalFileName?: string
  albumIds?: string[]
  tagIds?: string[]
}
type Filter = Omit<Walk, 'visibilities'> & { visibility: Visibility }
type Found = { assets: { items: RawAsset[]; nextPage: string | null } }

const pageSize = 1000
const iso = (ms: number) => new Date(ms).toISOString()

/** The ways to walk the library, and an album, page by page. `own` tells the key owner's id. */
export function walker({ request, now }: Connection, own: () => Promise<string | undefined>) {
  /**
   * Own assets, newest first, as pages: the timeline, the archive and the hidden halves of live photos, trashed
   * ones too. One that moves meanwhile may come twice. What comes during the walk with an older date is missed: note
   * `now()` before, and walk once more with it as updatedAfter.
   */
  async function* searchAssets(walk: Walk = {}): AsyncGenerator<RawAsset[]> {
    const me = await own()
    // Partners' assets are found, too, if they share their timeline.
    for await (const page of everyVisibility(walk))
      yield page.filter(({ ownerId }) => ownerId === me)
  }

  /** Ids of an album's assets, trashed ones too; on v2 without those of people who are no partners. */
  async function* albumAssets(id: string): AsyncGenerator<string[]> {
    const walk = {
      albumIds: [id],
      withExif: false,
      visibilities: ['timeline', 'archive', 'hidden'] as Visibility[],
    }
    for await (const page of everyVisibility(walk)) yield page.map(({ id }) => id)
  }

  async function* everyVisibility({
    visibilities = ['timeline', 'archive', 'hidden'],
    ...walk
  }: Walk) {
    // Without a visibility v2 finds the timeline alone.
    for (const visibility of visibilities) {
      yield* byDate({ withExif: true, withDeleted: true, ...walk, visibility })
    }
  }

  const search = (filter: Filter, page = 1) =>
    request<Found>('POST', '/search/metadata', {
      json: { ...filter, order: 'desc', size: pageSize, page },
    }).then(({ assets }) => assets)

  // Page numbers are an OFFSET on the server, so that a walk by them costs the square of the library, and shifts when
  // something is added. Going on from the last date does not. Bounds are inclusive, and finer on the server than the
  // milliseconds that it shows: so each page repeats the edge of the last one.
  async function* byDate(filter: Filter): AsyncGenerator<RawAsset[]> {
    let takenBefore = filter.takenBefore
    let edge = new Set<string>()
    for (;;) {
      const { items, nextPage } = await search({ ...filter, takenBefore })
      const last = items.at(-1)
      if (!last) return
      const fresh = items.filter(({ id }) => !edge.has(id))
      if (fresh.length) yield fresh
      if (nextPage === null) return
      const time = Date.parse(last.fileCreatedAt)
      if (fresh.length) {
        const bound = iso(time + 1)
        const atEdge = items.filter(({ fileCreatedAt }) => Date.parse(fileCreatedAt) <= time + 1)
        const known = bound === takenBefore ? edge : []
        edge = new Set([...known, ...atEdge.map(({ id }) => id)])
        takenBefore = bound
        continue
      }
      // More assets of one instant than a page holds.
      const moment = { ...filter, takenAfter: iso(time - 1), takenBefore: iso(time + 1) }
      const first = Date.parse(filter.createdAfter ?? '1970-01-01')
      yield* withinMoment(moment, first, now().getTime() + 86_400_000, edge)
      takenBefore = iso(time - 1)
    }
  }

  // v2 does not order equal dates, so that pages of them may repeat one and leave out another: the moment is cut by the
  // time of upload instead, until each piece fits a page. Only what was imported in one stroke has to be paged.
  async function* withinMoment(
    filter: Filter,
    from: number,
    to: number,
    seen: Set<string>,
  ): AsyncGenerator<RawAsset[]> {
    const piece = { ...filter, createdAfter: iso(from), createdBefore: iso(to) }
    let found = await search(piece)
    if (found.nextPage !== null && to - from > 1) {
      const middle = Math.floor((from + to) / 2)
      yield* withinMoment(filter, from, middle, seen)
      yield* withinMoment(filter, middle, to, seen)
      return
    }
    for (;;) {
      const fresh = found.items.filter(({ id }) => !seen.has(id))
      for (const { id } of fresh) seen.add(id)
      if (fresh.length) yield fresh
      if (found.nextPage === null) return
      found = await search(piece, Number(found.nextPage))
    }
  }
  return { searchAssets, albumAssets }
}
