import { createRequire } from 'node:module'
import { Temporal } from 'temporal-polyfill'
import type { Place } from './state/records.ts'

/** The zone of wall clocks that say nothing of theirs: TIME_ZONE, else the machine's. */
export function homeZone(): string {
  if (process.env.TIME_ZONE) return process.env.TIME_ZONE
  // Half a millisecond each time it is asked.
  machineZone ??= Temporal.Now.timeZoneId()
  return machineZone
}
let machineZone: string | undefined

type Find = (latitude: number, longitude: number) => string[]
type GeoTz = {
  find: Find
  setCache(options: { store: Pick<Map<string, unknown>, 'get' | 'set'> }): void
}
let find: Find | undefined

/** The zone of a place, by the data that Immich shows it by. Loaded (30 ms) when the first place comes. */
export function zoneAt([latitude, longitude]: Place): string {
  find ??= load()
  return find(latitude, longitude)[0] as string
}

// Of the pieces that the map is cut into; its own cache keeps them all, 1 GB for a library from all over the world.
const PIECES = 64

function load(): Find {
  const { find, setCache } = createRequire(import.meta.url)('geo-tz') as GeoTz
  const pieces = new Map<string, unknown>()
  const set = (key: string, piece: unknown) => {
    pieces.delete(key)
    pieces.set(key, piece)
    if (pieces.size > PIECES) pieces.delete(pieces.keys().next().value as string)
    return pieces
  }
  const get = (key: string) => {
    const piece = pieces.get(key)
    if (piece) set(key, piece)
    return piece
  }
  setCache({ store: { get, set } as never })
  return find
}

/** Degrees to about a metre: servers round, and so do files. */
export function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  if (!a || !b) return a === b
  return Math.abs(a[0] - b[0]) < 1e-5 && Math.abs(a[1] - b[1]) < 1e-5
}

/**
 * The time in a file's name (IMG_20210304_101112, PXL_…, 2021-03-04 10.11.12, IMG-20210304-WA0001) as UTC seconds, or
 * null. Cameras write the wall clock, here read in `zone`; only a Pixel writes UTC. A date alone means noon.
 */
export function dateInName(name: string, zone = homeZone()): number | null {
  const found =
    /(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?:[-_ T.]?(\d\d)[-_.:]?(\d\d)[-_.:]?(\d\d))?/.exec(
      name,
    )
  if (!found) return null
  const [, year, , month, day, hour = '12', minute = '00', second = '00'] = found
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  return instantOf({ local, zone: name.startsWith('PXL_') && found[5] ? 'UTC' : zone })
}

/**
 * How the instant `taken` (UTC seconds) is told to a server, and what it then shows. Design section 5, rule 6: the zone is
 * the place's, since servers show that in any case; without a place, or at sea, the file's own offset where it gives one,
 * else the difference between its wall clock `local` and the instant where a zone can have it, else that of `zone`.
 * `text` is ISO with that offset, or in UTC where servers would not take it; `local` the wall clock; `offset` is set
 * where it has to be said apart, since the server may take the place for one of another zone.
 */
export function shownAt(
  taken: number,
  { local, offset, place }: { local?: string; offset?: string; place?: Place },
  zone = homeZone(),
): { text: string; local: string; offset?: string } {
  const instant = Temporal.Instant.fromEpochMilliseconds(taken * 1000)
  const own = offset ?? plausibleOffset(taken, local) ?? undefined
  const there = place && zoneAt(place)
  const atSea = there?.startsWith('Etc/') ?? false
  const clock = instant.toZonedDateTimeISO(atSea && own ? own : (there ?? own ?? zone))
  const minutes = clock.offsetNanoseconds / 60e9
  if (!isTaken(minutes)) {
    const utc = instant.toString({ smallestUnit: 'second' })
    const shown = there ? clock.toPlainDateTime() : utc.slice(0, -1)
    return { text: utc, local: shown.toString({ smallestUnit: 'second' }) }
  }
  const text = instant.toString({ timeZone: asOffset(minutes), smallestUnit: 'second' })
  const isApart = place && (atSea ? own !== undefined : isFringe(place, instant, minutes))
  return { text, local: text.slice(0, -6), ...(isApart && { offset: asOffset(minutes) }) }
}

/** The instant as text, as a server learns it. */
export function withOffset(...given: Parameters<typeof shownAt>): string {
  return shownAt(...given).text
}

// Degrees, some 30 and 100 km: how near another zone's land, how far any land may be.
const NEAR = 0.3
const FAR = 0.9

/**
 * Immich takes the zone of the nearest town that it knows. Close to another zone's land, or on an island far from any, that
 * may be another one.
 */
function isFringe(place: Place, instant: Temporal.Instant, minutes: number) {
  const isOther = (zone: string) =>
    instant.toZonedDateTimeISO(zone).offsetNanoseconds / 60e9 !== minutes
  return landAround(place, NEAR).some(isOther) || landAround(place, FAR).next().done === true
}

/** Zones on land, in eight directions, each once. */
function* landAround([latitude, longitude]: Place, degrees: number) {
  const width = Math.max(0.1, Math.cos((latitude * Math.PI) / 180))
  const seen = new Set<string>()
  for (const eighth of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const angle = (eighth * Math.PI) / 4
    const north = latitude + Math.sin(angle) * degrees
    const east = longitude + (Math.cos(angle) * degrees) / width
    const zone = zoneAt([Math.max(-90, Math.min(90, north)), ((east + 540) % 360) - 180])
    if (zone.startsWith('Etc/') || seen.has(zone)) continue
    seen.add(zone)
    yield zone
  }
}

/**
 * The instant (UTC seconds) of a wall clock at its own offset, else in `zone`; null where the text is no date and time.
 * A clock time that occurs twice when summer time ends is the first, one that never was is moved on.
 */
export function instantOf(given: Clock): number | null {
  return instantsOf(given)[0] ?? null
}

/** The same, with both where a clock time is two instants, or none at all: programs differ in which of them they take. */
export function instantsOf({ local, offset, zone = homeZone() }: Clock): number[] {
  try {
    const clock = Temporal.PlainDateTime.from(local, { overflow: 'reject' })
    const first = seconds(clock.toZonedDateTime(offset ?? zone))
    const other = ['earlier', 'later'] as const
    const all = other.map((disambiguation) =>
      seconds(clock.toZonedDateTime(offset ?? zone, { disambiguation })),
    )
    return [...new Set([first, ...all])]
  } catch {
    return []
  }
}

type Clock = { local: string; offset?: string | undefined; zone?: string }

/**
 * Offset `+hh:mm` that makes the wall clock `local` ('2021-03-04T10:11:12') the instant `taken`, or null where no zone
 * on earth has it; a clock may be off by a second's rounding.
 */
export function plausibleOffset(taken: number, local: string | undefined): string | null {
  const clock = local === undefined ? null : instantOf({ local, zone: 'UTC' })
  if (clock === null) return null
  const minutes = Math.round((clock - taken) / 60 / 15) * 15
  return Math.abs(clock - taken - minutes * 60) <= 2 && isZone(minutes) ? asOffset(minutes) : null
}

/** The day of an instant (UTC seconds) on the wall of a zone, `YYYY-MM-DD`. */
export function localDay(taken: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(taken * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString()
}

// Minutes ahead of UTC that zones had since 1970, besides the whole hours.
const ODD = new Set([-570, -270, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 630, 765, 825])

function isZone(minutes: number) {
  return minutes % 60 === 0 ? minutes >= -12 * 60 && minutes <= 14 * 60 : ODD.has(minutes)
}

/** Immich drops a date whose offset no country has today. */
function isTaken(minutes: number) {
  return isZone(minutes) && minutes !== -12 * 60 && minutes !== -270
}

/** Minutes ahead of UTC as `+hh:mm`. */
export function asOffset(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

function seconds(time: { epochMilliseconds: number }) {
  return Math.floor(time.epochMilliseconds / 1000)
}
