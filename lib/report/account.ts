import { chooser } from '../choose.ts'
import { mirrorPlan } from '../mirror/plan.ts'
import type { Photo, State } from '../state/records.ts'
import { damagedMedia, leftCounts } from '../takeout/account.ts'
import { gaps } from '../takeout/parts.ts'
import { shaped } from '../takeout/photo-files.ts'
import { LOST } from '../takeout/reasons.ts'
import { PLANNED, planOf } from '../transfer/plan.ts'
import type { Rules } from '../transfer/standing.ts'
import { isOld } from './last-numbers.ts'
import {
  destination,
  type Numbers,
  noPhotos,
  type Proof,
  proofInFolders,
  proofOf,
  proven,
  type Row,
  rowOf,
} from './verdict.ts'

/** The collections that a report is made of. */
export const TOLD = [
  ...PLANNED,
  'parts',
  'leftovers',
  'duplicates',
  'decisions',
  'mirrored',
] as const
export type Told = Pick<State, (typeof TOLD)[number]>

/** Where one photo stands; `proof` of one that is there. */
export type Line = {
  photo: Photo
  row: Row
  stands: { is: string; why: string }
  proof?: Proof
  asset?: string
}

/**
 * The account of a library, each photo in one row and each file of its exports in one, by the rules of the last transfer
 * (or mirror, of a library that knows no server): what `status` sums up. The photos and files are read once.
 */
export function accountOf(data: Told) {
  const { leftovers, parts, runs } = data
  const there = destination(runs)
  const { rules, counts, lines, plan } = there === 'Immich' ? onServer(data) : inFolders(data)
  const photos = noPhotos()
  const proofs = proven([], {}, {})
  let locked = 0
  for (const { row, stands, proof } of lines.values()) {
    photos[row]++
    if (proof) proofs[proof]++
    if (row === 'left out' && stands.why === 'in the locked folder') locked++
  }
  const left = leftCounts(leftovers)
  const numbers: Numbers = {
    there,
    photos,
    proven: proofs,
    locked,
    missing: gaps(Object.values(parts)),
    noMoreParts: Boolean(rules.noMoreParts),
    unreadable: Number(runs['index-gphotos']?.unreadable ?? 0),
    damaged: damagedMedia(leftovers),
    lost: left.get(LOST) ?? 0,
    notChosen: left.get('not chosen') ?? 0,
    albums: {
      left: runs.transfer && plan ? plan.albumsLeft().length : 0,
      waiting: plan?.albums.waiting ?? 0,
    },
    isOld: isOld(there === 'Immich' ? runs.transfer : runs.mirror, runs['index-gphotos']),
  }
  return { plan, rules, counts, lines, numbers, files: filesOf(data, lines, rules) }
}

function onServer(data: Told) {
  const { transfers, checks, runs } = data
  const rules = (runs.transfer?.rules ?? {}) as Rules
  const plan = planOf(data, chooser({}), rules)
  const lines = new Map<string, Line>()
  for (const [id, stands] of plan.standings) {
    const row = rowOf(stands)
    const transfer = transfers[id]
    const asset = plan.assetOf(id)
    lines.set(id, {
      photo: data.photos[id] as Photo,
      row,
      stands,
      ...(isThere(row) && transfer && { proof: proofOf(transfer, checks[id]) }),
      ...(asset && { asset }),
    })
  }
  return { rules, lines, counts: plan.counts, plan }
}

function inFolders(data: Told) {
  const { mirrored, runs } = data
  const rules = (runs.mirror?.rules ?? { edited: 'both' }) as Rules
  const { standings, counts } = mirrorPlan(data, chooser({}), rules)
  const readAgain = String(runs.mirror?.readAgain ?? '')
  const lines = new Map<string, Line>()
  for (const [id, stands] of standings) {
    const row = rowOf(stands)
    const proof = proofInFolders(mirrored[id], readAgain)
    const photo = data.photos[id] as Photo
    lines.set(id, { photo, row, stands, ...(isThere(row) && { proof }) })
  }
  return { rules, lines, counts, plan: undefined }
}

function isThere(row: Row) {
  return row === 'transferred' || row === 'linked'
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
  if (isThere(row)) both.there++
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
