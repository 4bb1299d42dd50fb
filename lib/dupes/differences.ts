import { Temporal } from 'temporal-polyfill'
import type { Place } from '../state/records.ts'
import type { Conflict, Member } from './deciding.ts'

export type Thresholds = {
  /** Two places further apart than these metres are two. */
  metres: number
  /** Two instants further apart than these seconds are two. */
  seconds: number
}

// Immich shows four decimals of a degree: both off by one of them are 15.7 m.
export const THRESHOLDS: Thresholds = { metres: 16, seconds: 1 }

/** Where the members say different things; what one does not say is no difference. */
export function differences(members: Member[], given: Partial<Thresholds> = {}): Conflict[] {
  const { metres, seconds } = { ...THRESHOLDS, ...given }
  const located = members.flatMap(({ place }) => (place ? [place] : []))
  const times = members.flatMap(({ taken }) => (taken ? [taken] : []))
  const zoned = members.filter(({ zone }) => zone?.trim())
  const offsets = new Set(zoned.map(offsetOf))
  const cameras = new Set(members.map(cameraOf).filter(Boolean))
  const conflicts: Conflict[] = []
  if (located.some((a) => located.some((b) => distance(a, b) > metres)))
    conflicts.push({ type: 'gps', values: located.map((place) => place.join(', ')) })
  if (offsets.size > 1)
    conflicts.push({ type: 'timezone', values: zoned.map(({ zone }) => zone as string) })
  if (cameras.size > 1) conflicts.push({ type: 'camera_info', values: [...cameras] })
  const instants = times.map((time) => Date.parse(time) / 1000)
  // One that cannot be read is no number, and agrees with none.
  if (times.length > 1 && !(Math.max(...instants) - Math.min(...instants) <= seconds))
    conflicts.push({ type: 'capture_time', values: times })
  return conflicts
}

/** Metres on the ground between two places. */
export function distance([aLat, aLong]: Place, [bLat, bLong]: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const half = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2
  const chord =
    half(aLat, bLat) + Math.cos(radians(aLat)) * Math.cos(radians(bLat)) * half(aLong, bLong)
  return 2 * 6_371_000 * Math.asin(Math.sqrt(Math.min(1, chord)))
}

/** The offset of a member's zone in minutes, at its own instant: London is UTC in winter. A zone that is none is its own. */
export function offsetOf({ taken, ...one }: Pick<Member, 'zone' | 'taken'>): number | string {
  const zone = one.zone?.trim() ?? ''
  const [, sign, hours, minutes = '0'] =
    /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(zone) ?? []
  if (sign) return Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes))
  try {
    const instant = Temporal.Instant.fromEpochMilliseconds(
      Date.parse(taken ?? '2024-01-15T12:00:00Z'),
    )
    return Math.round(instant.toZonedDateTimeISO(zone).offsetNanoseconds / 60e9)
  } catch {
    return zone.toLowerCase()
  }
}

const cameraOf = ({ make = '', model = '' }: Member) =>
  `${make} ${model}`.trim().replace(/\s+/g, ' ').toLowerCase()
