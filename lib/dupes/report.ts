import type { Duplicate } from '../state/records.ts'
import { classOf, type Member, scoreOf } from './deciding.ts'

/**
 * The groups as one JSON document: immich-dupes' report (duplicate_id, winner, losers, score, conflicts, needs_review), and
 * beside that what it lacks.
 */
export function reportOf(groups: Record<string, Duplicate>, server: string, now = new Date()) {
  const all = Object.entries(groups)
  return {
    generated_at: now.toISOString(),
    server_url: server,
    total_groups: all.length,
    total_assets: all.reduce((sum, [, { assets }]) => sum + Object.keys(assets).length, 0),
    needs_review_count: all.filter(([, { review }]) => review.length > 0).length,
    groups: all.map(([id, group]) => {
      const { assets, winner, losers, beside, untouched, conflicts, lacks, review, how } = group
      const told = (one: string) => assetOf(one, assets[one] as Member)
      return {
        duplicate_id: id,
        found_by: how,
        class: classOf(assets, group),
        winner: told(winner),
        losers: losers.map((one) => ({ ...told(one), lacks_in_winner: lacks[one] })),
        beside: beside.map(told),
        external_library: untouched.map(told),
        conflicts,
        needs_review: review.length > 0,
        review,
      }
    }),
  }
}

function assetOf(id: string, member: Member) {
  const { name, size, width, height, ...facts } = member
  return {
    asset_id: id,
    filename: name,
    score: scoreOf(member),
    file_size: size ?? null,
    dimensions: width && height ? [width, height] : null,
    ...facts,
  }
}
