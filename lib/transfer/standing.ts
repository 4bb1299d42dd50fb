import type { Asset, Check, Link, Photo, Transfer } from '../state/records.ts'
import { type Edited, filesLeft } from '../takeout/photo-files.ts'
import { PICK_ENDED } from '../takeout/reasons.ts'
import { mendable } from './repairing.ts'
import { copiesOf, newsOf } from './updating.ts'
import { smallerOnes } from './upgrading.ts'

/**
 * Where a photo stands. Each counts once, in the first that applies, so the numbers of an account add up:
 * `removed` from the server by its owner, `failed`, `transferred`, `linked`, `left out` by a rule, `waits` for a part,
 * `undecided` (a person has to say), `to send`; `to complete`: it is on the server, and something that it should have
 * there was not added yet.
 */
export type Standing = { is: Kind; why: string }
export type Kind =
  | 'removed'
  | 'failed'
  | 'transferred'
  | 'linked'
  | 'left out'
  | 'waits'
  | 'undecided'
  | 'to send'
  | 'to complete'

export type Rules = {
  edited?: Edited
  includeTrashed?: boolean
  includeLocked?: boolean
  noPartner?: boolean
  noMoreParts?: boolean
  intoShared?: boolean
  restoreDeleted?: boolean
  upgrade?: boolean
  replacePicked?: boolean
  overwrite?: boolean
  retry?: boolean
}

/** Times that a photo which the server or its archive refuses is tried before it rests. */
export const MAX_TRIES = 3

/** The server as it was listed. `indexed`: when (by our own clock) the listing began; what was sent since is not in it. */
export type Seen = { assets: Record<string, Asset>; indexed: string }

/** The asset of a transfer, where it was listed since that was last written: what was sent since is not in the listing. */
export function listedSince({ asset, at }: Transfer, { assets, indexed }: Seen): Asset | undefined {
  return asset !== undefined && at < indexed ? assets[asset] : undefined
}

/** Design section 5, rules 2 to 4, 7 and 9 to 11. */
export function standing(
  photo: Photo,
  link: Link | undefined,
  transfer: Transfer | undefined,
  check: Check | undefined,
  { assets, indexed }: Seen,
  rules: Rules = {},
): Standing {
  const { asset, failed, want = {}, had } = transfer ?? {}
  if (photo.replacedBy && !asset) return REPLACED
  const there = asset ?? (transfer?.again ? undefined : link?.asset)
  if (there && !(asset && (transfer?.at ?? '') >= indexed)) {
    // No listing shows the locked folder.
    if (!assets[there] && want.visibility !== 'locked')
      return { is: 'removed', why: 'gone from the server' }
    if (assets[there]?.trashed && !want.trashed)
      return { is: 'removed', why: 'in the trash of the server' }
  }
  if (!there && isOver(photo)) return OVER
  if (failed) return { is: 'failed', why: failed }
  if (transfer && asset) {
    const due = dueOf(photo, link, transfer, check, { assets, indexed }, rules)
    if (due.length > 0) return { is: 'to complete', why: due.join(', ') }
    return had ? { is: 'linked', why: link?.how ?? 'checksum' } : { is: 'transferred', why: '' }
  }
  const out = leftOut(photo, rules)
  if (out) return out
  if (there) return { is: 'to complete', why: link?.how ?? '' }
  if (photo.waits && !rules.noMoreParts) return WAITS
  if (link && (link.how === 'several' || link.how === 'disputed'))
    return { is: 'undecided', why: link.how }
  return { is: 'to send', why: link?.how ?? 'not linked yet' }
}

const REPLACED: Standing = { is: 'left out', why: 'picked, and its original has come' }
const OVER: Standing = { is: 'left out', why: PICK_ENDED }
const WAITS: Standing = { is: 'waits', why: 'its sidecar may lie in a missing part' }

function isOver({ picked }: Photo) {
  return (picked?.until ?? Number.POSITIVE_INFINITY) < Date.now()
}

/** What Google says of it that keeps it out. */
function leftOut(photo: Photo, rules: Rules): Standing | undefined {
  if (photo.trashed && !rules.includeTrashed)
    return { is: 'left out', why: 'in the trash of Google Photos' }
  if (photo.locked && !rules.includeLocked) return { is: 'left out', why: 'in the locked folder' }
  if (photo.partner && rules.noPartner) return { is: 'left out', why: 'from a partner' }
}

/** What holds a photo back that is nowhere yet, wherever it would go. */
export function heldBack(photo: Photo, rules: Rules): Standing | undefined {
  if (photo.replacedBy) return REPLACED
  if (isOver(photo)) return OVER
  return leftOut(photo, rules) ?? (photo.waits && !rules.noMoreParts ? WAITS : undefined)
}

/** What is still to be done for a photo that is on the server. */
function dueOf(
  photo: Photo,
  link: Link | undefined,
  transfer: Transfer,
  check: Check | undefined,
  { assets, indexed }: Seen,
  { upgrade, restoreDeleted, overwrite, edited = 'stack' }: Rules,
): string[] {
  const owed = (transfer.owes ?? []).filter((what) => what !== 'stack' || edited === 'stack')
  return [
    ...(filesLeft(photo, transfer).length > 0 ? ['a file'] : []),
    ...owed,
    ...[...mendable(transfer, check, restoreDeleted).values()].flatMap((mend) => Object.keys(mend)),
    ...newsFor(photo, transfer, { assets, indexed }, overwrite),
    ...(upgrade && smallerOnes(link, transfer, assets).length > 0 ? ['upgrade'] : []),
  ]
}

/** The fields of which Google says something new, for its asset or those of its edited copies. */
function newsFor(photo: Photo, transfer: Transfer, seen: Seen, overwrite = false): Set<string> {
  const all = [transfer, ...copiesOf(photo, transfer).map(([, copy]) => copy)]
  return new Set(
    all.flatMap((one) => Object.keys(newsOf(photo, one, listedSince(one, seen), overwrite).news)),
  )
}

const THERE_ROWS = ['transferred', 'linked', 'mirrored']

/** How many photos stand where, in the order in which an account names them. */
export function tally(standings: Iterable<{ is: string; why: string }>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { is, why } of standings) {
    const row = is === 'left out' || is === 'undecided' || is === 'removed' ? `${is}: ${why}` : is
    counts[row] = (counts[row] ?? 0) + 1
  }
  // Not by which photo came first: what is there stands at the beginning.
  const rank = (row: string) => (THERE_ROWS.includes(row) ? THERE_ROWS.indexOf(row) : 9)
  return Object.fromEntries(
    Object.entries(counts).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)),
  )
}
