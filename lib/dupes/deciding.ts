import type { Place } from '../state/records.ts'
import { differences, type Thresholds } from './differences.ts'
import { shapeOf } from './finding.ts'
import { kindOf, kindsApart } from './kinds.ts'
import { lackOf } from './lacks.ts'

/** One asset of a group, with all that decides about it and all that would be lost with it. */
export type Member = {
  name: string
  type: 'image' | 'video'
  width?: number
  height?: number
  /** Bytes. */
  size?: number
  sha1: string
  /** ISO, the instant of the capture as its metadata tell it; absent where they do not. */
  taken?: string
  /** An IANA zone or an offset. */
  zone?: string
  place?: Place
  make?: string
  model?: string
  lens?: string
  city?: string
  country?: string
  description?: string
  /** -1 to 5. */
  rating?: number
  favorite?: true
  visibility: 'timeline' | 'archive' | 'hidden' | 'locked'
  /** Cropped, turned or mirrored in Immich, which no file tells of. */
  edited?: true
  /** The motion half's asset. */
  live?: string
  /** Of a video. */
  seconds?: number
  tags?: string[]
  people?: { id: string; name: string }[]
  /** Ids of the albums that it is in. */
  albums?: string[]
  stack?: string
  /** ISO: when the server got it. */
  created?: string
  /** Of an external library: never touched. */
  library?: string
}

/** How a group was found: by the server, by name and second, or as the 16:9 cut of an iPhone's 4:3 picture. */
export type Found = 'immich' | 'name and second' | 'letterbox'

export type Decision = {
  winner: string
  /** Of the winner's kind: what it stands for, too. The best first. */
  losers: string[]
  /** Of other kinds (the RAW of a JPEG, an edit, a live photo): never given up for the winner. */
  beside: string[]
  /** Members of an external library, which stay where they are. */
  untouched: string[]
  conflicts: Conflict[]
  /** What each loser has that the winner lacks. */
  lacks: Record<string, string[]>
  /** Why a person has to look; empty where nothing speaks against it. */
  review: string[]
}
export type Conflict = {
  type: 'gps' | 'timezone' | 'camera_info' | 'capture_time'
  values: string[]
}
export type Score = {
  gps: number
  timezone: number
  camera_info: number
  capture_time: number
  lens_info: number
  location: number
  total: number
}

/**
 * Decides about one group: which of its members stands for the others, and whether anything speaks against that. Within a kind
 * pixels decide, then bytes, then metadata, then age on the server, then the order given. Pure: touches nothing.
 */
export function decide(
  members: Record<string, Member>,
  { how = 'immich', ...thresholds }: { how?: Found } & Partial<Thresholds> = {},
): Decision {
  const score = Object.fromEntries(Object.entries(members).map(([id, one]) => [id, scoreOf(one)]))
  const own = Object.keys(members).filter((id) => !members[id]?.library)
  const isCut = (id: string) => how === 'letterbox' && shapeOf(members[id] as Member) === '16:9'
  const ranked = own.toSorted(
    (a, b) => Number(isCut(a)) - Number(isCut(b)) || rank(members, score, a, b),
  )
  const kinds = kindsAmong(ranked, members)
  // Of several kinds the one with the most copies, or else the best one.
  const [first, ...losers] = kinds.toSorted((a, b) => b.length - a.length)[0] ?? []
  const winner = first ?? (Object.keys(members)[0] as string)
  const best = members[winner] as Member
  const beside = ranked.filter((id) => id !== winner && !losers.includes(id))
  const untouched = Object.keys(members).filter((id) => members[id]?.library)
  const judged = [winner, ...losers].map((id) => members[id] as Member)
  const conflicts = differences(judged, thresholds)
  const review = [
    ...conflicts.map(({ type }) => type as string),
    // A clip between two lengths is like the winner, too, and yet another's: that one tells why.
    ...beside.flatMap((id) => kindsApart(best, members[id] as Member) ?? []),
    ...(untouched.length > 0 ? ['external library'] : []),
    ...(how === 'immich' ? [] : [`found by ${how}`]),
    ...(judged.length > 1 && judged.some(isSizeless) ? ['size in pixels unknown'] : []),
    ...(isLengthless(judged) ? ['length unknown'] : []),
  ]
  return {
    winner,
    losers,
    beside,
    untouched,
    conflicts,
    lacks: Object.fromEntries(losers.map((id) => [id, lackOf(best, members[id] as Member)])),
    review: [...new Set(review)],
  }
}

/** Each kind with its best one first, and what that stands for. */
function kindsAmong(ranked: string[], members: Record<string, Member>): string[][] {
  const kinds: string[][] = []
  const isOf = (id: string, [best = '']: string[]) =>
    kindsApart(members[best] as Member, members[id] as Member) === null
  for (const id of ranked) {
    const kind = kinds.find((kind) => isOf(id, kind))
    if (kind) kind.push(id)
    else kinds.push([id])
  }
  return kinds
}

function rank(members: Record<string, Member>, score: Record<string, Score>, a: string, b: string) {
  const [one, other] = [members[a] as Member, members[b] as Member]
  const age = ({ created }: Member) => (created ? Date.parse(created) : Number.POSITIVE_INFINITY)
  return (
    pixels(other) - pixels(one) ||
    (other.size ?? 0) - (one.size ?? 0) ||
    (score[b]?.total ?? 0) - (score[a]?.total ?? 0) ||
    Math.sign(age(one) - age(other)) ||
    0
  )
}

const pixels = ({ width = 0, height = 0 }: Member) => width * height
/** Of some: whether they are as long as the others cannot be told. */
const isLengthless = (clips: Member[]) =>
  clips.some(({ seconds }) => seconds) && clips.some(({ seconds }) => !seconds)
const isSizeless = (one: Member) => pixels(one) === 0

/** The weights of immich-dupes, so that its users find the numbers that they know. */
export function scoreOf(one: Member): Score {
  const points = (has: unknown, weight: number) => (has ? weight : 0)
  const score = {
    gps: points(one.place, 30),
    timezone: points(one.zone, 20),
    camera_info: points(one.make || one.model, 15),
    capture_time: points(one.taken, 15),
    lens_info: points(one.lens, 10),
    location: points(one.city || one.country, 10),
  }
  return { ...score, total: Object.values(score).reduce((sum, one) => sum + one, 0) }
}

/** The class that a person can accept as a whole: what the group is about, in a few words. */
export function classOf(
  members: Record<string, Member>,
  { winner, losers, review }: Decision,
): string {
  const best = members[winner] as Member
  const rest = losers.map((id) => members[id] as Member)
  const size = rest.every((one) => pixels(one) < pixels(best))
    ? 'smaller in pixels'
    : rest.every((one) => one.sha1 === best.sha1)
      ? 'the same bytes'
      : rest.every((one) => pixels(one) === pixels(best) && one.size === best.size)
        ? 'same size'
        : rest.every((one) => pixels(one) === pixels(best))
          ? 'same pixels, fewer bytes'
          : 'of several sizes'
  return `${kindOf(best)}, ${losers.length > 0 ? size : 'nothing to give up'}, ${review.length === 0 ? 'no conflict' : review.join(' and ')}`
}
