import { count, number } from '../progress.ts'
import type { Check, Mirrored, Run, Transfer } from '../state/records.ts'
import { PICK_ENDED } from '../takeout/reasons.ts'

/** The rows of the account of photos. Each photo is in the first that applies, so they add up. */
export const ROWS = ['left out', 'removed', 'failed', 'owed', 'transferred', 'linked'] as const
export type Row = (typeof ROWS)[number]

/** Where a library goes: the server, or the folder tree of one that knows no server. */
export type There = 'Immich' | 'the folders'

/** What became of a photo that is there, when it was asked for again since. */
export type Proof = 'right' | 'changed' | 'differs' | 'gone' | 'unverified'

/** What a verdict is made of: photos by row, and of those that are there how many were verified. */
export type Numbers = {
  there: There
  photos: Record<Row, number>
  proven: Record<Proof, number>
  /** Of `left out`: those of the locked folder, which nobody chose to leave behind. */
  locked: number
  /** Parts that are known to be missing, by export; and how many could not be read. */
  missing: Map<string, number[]>
  unreadable: number
  /** Nothing more will come (--no-more-parts): a missing part no longer keeps from leaving, but is told. */
  noMoreParts?: boolean
  /** Media files of the export that are damaged; sidecars whose picture is not in it; files that were not asked for. */
  damaged: number
  lost: number
  notChosen: number
  /** Albums that lack photos which are there, and those about which a person has to say something. */
  albums: { left: number; waiting: number }
  /** The export was indexed again since the stage that sends has looked at it. */
  isOld: boolean
}

export type Verdict = { safe: 'yes' | 'yes, but' | 'not yet'; text: string; because: string[] }

export function destination(runs: Record<string, Run>): There {
  return runs.mirror && !runs['index-immich'] ? 'the folders' : 'Immich'
}

/** The row of where a photo stands on its way to Immich or into the folders. */
export function rowOf({ is, why }: { is: string; why: string }): Row {
  if (is === 'left out') return why === PICK_ENDED ? 'owed' : 'left out'
  if (is === 'removed' || is === 'failed' || is === 'transferred' || is === 'linked') return is
  return is === 'mirrored' ? 'transferred' : 'owed'
}

/** What a check found, in one word. */
export function kindOf({ ok, waiting, changed, differs }: Check) {
  if (ok) return 'right'
  if (waiting) return 'waiting'
  return differs?.asset ? 'gone' : changed ? 'changed' : 'differ'
}

/** A check counts for what was sent before it. */
export function proofOf({ at }: Transfer, check: Check | undefined): Proof {
  if (!check || check.at < at) return 'unverified'
  const kind = kindOf(check)
  if (kind === 'waiting') return 'unverified'
  return kind === 'differ' ? 'differs' : kind
}

/** How many of these photos are proven how. */
export function proven(
  ids: Iterable<string>,
  transfers: Record<string, Transfer>,
  checks: Record<string, Check>,
): Record<Proof, number> {
  const counts = { right: 0, changed: 0, differs: 0, gone: 0, unverified: 0 }
  for (const id of ids) {
    const transfer = transfers[id]
    if (transfer?.asset) counts[proofOf(transfer, checks[id])]++
  }
  return counts
}

/** In folders a file counts as verified when it was read again since it was written (`mirror --resync --checksum`). */
export function provenInFolders(
  ids: Iterable<string>,
  mirrored: Record<string, Mirrored>,
  readAgain = '',
): Record<Proof, number> {
  const counts = proven([], {}, {})
  for (const id of ids) counts[proofInFolders(mirrored[id], readAgain)]++
  return counts
}

export function proofInFolders(record: Mirrored | undefined, readAgain: string): Proof {
  return record && record.at < readAgain ? 'right' : 'unverified'
}

/**
 * Whether Google can be left: everything is on the other side, and was asked for there again. What is left to say against
 * it comes with it, the gravest first.
 */
export function verdict(numbers: Numbers): Verdict {
  const { photos, missing, unreadable } = numbers
  const all = Object.values(photos).reduce((sum, many) => sum + many, 0)
  const unsure = numbers.proven.unverified
  const because = reservations(numbers)
  const holes = [...missing].map(
    ([name, parts]) => `part ${parts.join(', ')} of ${name} is missing: what lies in it is unknown`,
  )
  if (unreadable > 0)
    holes.push(`${count(unreadable, 'part')} could not be read: what lies there is unknown`)
  const { owed, failed } = photos
  const not = (found: string): Verdict => {
    return { safe: 'not yet', text: `not yet, ${found}`, because: [...holes, ...because] }
  }
  if (all === 0) return not('no photo is known')
  if (numbers.isOld)
    return not(
      `the export was indexed again, and ${numbers.there === 'Immich' ? 'transfer' : 'mirror'} has not looked since`,
    )
  if (owed > 0)
    return not(`${count(owed, 'photo')} owed${failed ? `, ${number(failed)} failed` : ''}`)
  if (failed > 0) return not(`${count(failed, 'photo')} failed`)
  if (unreadable > 0 || (missing.size > 0 && !numbers.noMoreParts))
    return not('a part of the export is missing')
  if (numbers.albums.left > 0)
    return not(
      `${count(numbers.albums.left, 'album')} ${numbers.albums.left === 1 ? 'lacks' : 'lack'} photos`,
    )
  if (unsure > 0)
    return not(`all is sent, ${count(unsure, 'photo')} ${unsure === 1 ? 'is' : 'are'} not verified`)
  const rest = [...holes, ...because]
  if (rest.length === 0) return { safe: 'yes', text: 'yes', because: rest }
  return { safe: 'yes, but', text: `yes, but ${rest[0]}`, because: rest }
}

function reservations(numbers: Numbers): string[] {
  const { there, photos, proven, locked, damaged, lost, notChosen, albums } = numbers
  const gone = Math.max(photos.removed, proven.gone)
  const is = (many: number) => (many === 1 ? 'is' : 'are')
  const rows: [number, string][] = [
    [gone, `${count(gone, 'photo')} ${is(gone)} no longer in ${there}`],
    [damaged, `${count(damaged, 'file')} came damaged in the export`],
    [lost, `of ${count(lost, 'photo')} the export has only the sidecar`],
    [locked, `${count(locked, 'photo')} of the locked folder ${is(locked)} left out`],
    [
      albums.waiting,
      `${count(albums.waiting, 'album')} ${albums.waiting === 1 ? 'waits' : 'wait'} for a word of yours`,
    ],
    [proven.differs, `${count(proven.differs, 'photo')} arrived, with a field that differs`],
    [notChosen, `${count(notChosen, 'file')} of the export ${is(notChosen)} not chosen`],
  ]
  return rows.filter(([many]) => many > 0).map(([, text]) => text)
}

export function noPhotos() {
  return Object.fromEntries(ROWS.map((row) => [row, 0])) as Record<Row, number>
}
