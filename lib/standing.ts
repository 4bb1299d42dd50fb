import type { Asset, Link, Photo, Transfer } from './state.ts'

/**
 * Where a photo stands. Each counts once, in the first that applies, so the numbers of an account add up:
 * `left out` by a rule, `waits` for a part, `undecided` (a person has to say), `failed`, `to send`, `removed` from the
 * server by its owner, `transferred`, `linked`; `to complete`: it is on the server, and what that lacks was not added yet.
 */
export type Standing = { is: Kind; why: string }
export type Kind =
  | 'left out'
  | 'waits'
  | 'undecided'
  | 'failed'
  | 'to send'
  | 'to complete'
  | 'removed'
  | 'transferred'
  | 'linked'

/** The flags that bend the rules, for every stage that has them. */
export const ruleFlags = {
  'include-trashed': { type: 'boolean' },
  'include-locked': { type: 'boolean' },
  'no-partner': { type: 'boolean' },
  'no-more-parts': { type: 'boolean' },
} as const

export function rulesOf(given: { [F in keyof typeof ruleFlags]?: boolean }): Rules {
  return {
    includeTrashed: given['include-trashed'] ?? false,
    includeLocked: given['include-locked'] ?? false,
    noPartner: given['no-partner'] ?? false,
    noMoreParts: given['no-more-parts'] ?? false,
  }
}

export type Rules = {
  includeTrashed?: boolean
  includeLocked?: boolean
  noPartner?: boolean
  noMoreParts?: boolean
}

/** Times that a photo which the server or its archive refuses is tried before it rests. */
export const MAX_TRIES = 3

/**
 * Design section 5, rules 7, 9, 10 and 11. `server.until` is when the list of assets was fetched: what was sent after it
 * is not in it, and was not removed for that.
 */
export function standing(
  photo: Photo,
  link: Link | undefined,
  transfer: Transfer | undefined,
  server: { assets: Record<string, Asset>; until: string },
  rules: Rules = {},
): Standing {
  const { assets, until } = server
  const done = transfer?.asset
  const there = done ?? link?.asset
  const listed = done === undefined || (transfer?.at ?? '') < until
  if (there && !assets[there] && listed) return { is: 'removed', why: 'gone from the server' }
  if (there && assets[there]?.trashed) return { is: 'removed', why: 'in the trash of the server' }
  if (transfer?.failed) return { is: 'failed', why: transfer.failed }
  if (done && (transfer.owes?.length ?? 0) > 0)
    return { is: 'to complete', why: transfer.owes?.join(', ') ?? '' }
  if (done)
    return transfer.had
      ? { is: 'linked', why: link?.how ?? 'checksum' }
      : { is: 'transferred', why: '' }
  if (photo.trashed && !rules.includeTrashed)
    return { is: 'left out', why: 'in the trash of Google Photos' }
  if (photo.locked && !rules.includeLocked) return { is: 'left out', why: 'in the locked folder' }
  if (photo.partner && rules.noPartner) return { is: 'left out', why: 'from a partner' }
  if (there) return { is: 'to complete', why: link?.how ?? '' }
  if (photo.waits && !rules.noMoreParts)
    return { is: 'waits', why: 'its sidecar may lie in a missing part' }
  if (link && (link.how === 'several' || link.how === 'disputed'))
    return { is: 'undecided', why: link.how }
  return { is: 'to send', why: link?.how ?? 'not linked yet' }
}

/** How many photos stand where, in the order in which an account names them. */
export function tally(standings: Iterable<Standing>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { is, why } of standings) {
    const row = is === 'left out' || is === 'undecided' || is === 'removed' ? `${is}: ${why}` : is
    counts[row] = (counts[row] ?? 0) + 1
  }
  return counts
}
