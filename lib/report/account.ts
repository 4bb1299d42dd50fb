import { chooser } from '../choose.ts'
import type { Photo, State } from '../state/records.ts'
import { damagedMedia, leftCounts } from '../takeout/account.ts'
import { gaps } from '../takeout/parts.ts'
import { shaped } from '../takeout/photo-files.ts'
import { LOST } from '../takeout/reasons.ts'
import { PLANNED, planOf } from '../transfer/plan.ts'
import type { Rules, Standing } from '../transfer/standing.ts'
import { type Numbers, noPhotos, type Proof, proofOf, proven, type Row, rowOf } from './verdict.ts'

/** The collections that a report is made of. */
export const TOLD = [...PLANNED, 'parts', 'leftovers', 'duplicates'] as const
export type Told = Pick<State, (typeof TOLD)[number]>

/** Where one photo stands; `proof` of one that is on the server. */
export type Line = { photo: Photo; row: Row; stands: Standing; proof?: Proof; asset?: string }

/**
 * The account of a library, each photo in one row and each file of its exports in one, by the rules of the last transfer:
 * what `status` sums up. The photos and files are read once.
 */
export function accountOf(data: Told) {
  const { transfers, checks, leftovers, parts, runs } = data
  const rules = (runs.transfer?.rules ?? {}) as Rules
  const plan = planOf(data, chooser({}), rules)
  const lines = new Map<string, Line>()
  const photos = noPhotos()
  let locked = 0
  for (const [id, stands] of plan.standings) {
    const row = rowOf(stands)
    const transfer = transfers[id]
    const isThere = row === 'transferred' || row === 'linked'
    const asset = plan.assetOf(id)
    lines.set(id, {
      photo: data.photos[id] as Photo,
      row,
      stands,
      ...(isThere && transfer && { proof: proofOf(transfer, checks[id]) }),
      ...(asset && { asset }),
    })
    photos[row]++
    if (row === 'left out' && stands.why === 'in the locked folder') locked++
  }
  const left = leftCounts(leftovers)
  const numbers: Numbers = {
    photos,
    proven: proven(plan.those('transferred', 'linked'), transfers, checks),
    locked,
    missing: gaps(Object.values(parts)),
    unreadable: Number(runs['index-gphotos']?.unreadable ?? 0),
    damaged: damagedMedia(leftovers),
    lost: left.get(LOST) ?? 0,
    notChosen: left.get('not chosen') ?? 0,
  }
  return { plan, rules, lines, numbers, files: filesOf(data, lines, rules) }
}

/**
 * Every file of the exports in the first row that applies: in no photo, a sidecar or album file that was read, or where its
 * photo stands. `listed` is how many the parts hold by their own directories; the rows add up to it.
 */
function filesOf({ albums, leftovers, parts }: Told, lines: Map<string, Line>, rules: Rules) {
  const rows = { ...noPhotos(), read: 0, 'in no photo': Object.keys(leftovers).length }
  const read = new Set<string>()
  const note = (part: string, path: string) => {
    const key = `${part}:${path}`
    if (!(key in leftovers)) read.add(key)
  }
  for (const { photo, row } of lines.values()) {
    const wanted = shaped(photo, rules.edited ?? 'stack').files.length
    rows[row] += wanted
    rows['left out'] += photo.files.length - wanted
    for (const { part, sidecar, sidecarPart = part } of photo.files)
      if (sidecar) note(sidecarPart, sidecar)
  }
  for (const { file, also = [] } of Object.values(albums))
    for (const one of [file, ...also.map(({ file }) => file)]) if (one) note(one.part, one.path)
  rows.read = read.size
  const listed = Object.values(parts).reduce((sum, { entries }) => sum + (entries ?? 0), 0)
  return { rows, listed }
}

/** What a month, or an album, has on both sides. `left`: left out by rule, or removed there by its owner. */
export type Both = { google: number; there: number; left: number; owed: number }
export const nothing = (): Both => ({ google: 0, there: 0, left: 0, owed: 0 })

export function add(both: Both, row: Row) {
  both.google++
  if (row === 'transferred' || row === 'linked') both.there++
  else if (row === 'left out' || row === 'removed') both.left++
  else both.owed++
}

// The first photograph, and what a broken clock may say at most: outside of it a time is none.
const YEARS = [1826, 2100] as const

/** Photos by the month (UTC) in which they were taken, all months from the first to the last; and those without a time. */
export function monthsOf(lines: Iterable<Line>): {
  months: (Both & { month: string })[]
  undated: Both
} {
  const counts = new Map<number, Both>()
  const undated = nothing()
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { photo, row } of lines) {
    const date = new Date((photo.taken ?? Number.NaN) * 1000)
    const year = date.getUTCFullYear()
    if (!(year >= YEARS[0] && year <= YEARS[1])) {
      add(undated, row)
      continue
    }
    const at = year * 12 + date.getUTCMonth()
    const both = counts.get(at) ?? nothing()
    counts.set(at, both)
    add(both, row)
    if (at < first) first = at
    if (at > last) last = at
  }
  const months: (Both & { month: string })[] = []
  for (let at = first; at <= last; at++) {
    const month = `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`
    months.push({ month, ...(counts.get(at) ?? nothing()) })
  }
  return { months, undated }
}
