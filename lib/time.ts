import { createRequire } from 'node:module'
import { Temporal } from 'temporal-polyfill'
import type { Place } from './state/state.ts'

/** The zone of wall clocks that say nothing of theirs: TIME_ZONE, else the machine's. */
export function homeZone(): string {
  return process.env.TIME_ZONE || Temporal.Now.timeZoneId()
}

type Find = (latitude: number, longitude: number) => string[]
let find: Find | undefined

/** The zone of a place, by the data that Immich shows it by. Loaded (30 ms) when the first place comes. */
export function zoneAt([latitude, longitude]: Place): string {
  find ??= (createRequire(import.meta.url)('geo-tz') as { find: Find }).find
  return find(latitude, longitude)[0] as string
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
 * The instant `taken` (UTC seconds) with the offset that its wall clock had, as ISO text: the way in which a server
 * learns both. Design section 5, rule 6: the offset is the place's, since servers show that in any case; without a place
 * the file's own where it gives one, else the difference between its wall clock `local` and the instant where a zone can
 * have it, else that of `zone`.
 */
export function withOffset(
  taken: number,
  { local, offset, place }: { local?: string; offset?: string; place?: Place },
  zone = homeZone(),
): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(taken * 1000)
  const own = place ? zoneAt(place) : (offset ?? plausibleOffset(taken, local) ?? zone)
  // Before zones there were offsets with seconds, which no ISO text of a file can hold.
  const minutes = Math.round(instant.toZonedDateTimeISO(own).offsetNanoseconds / 60e9)
  return instant.toString({ timeZone: asOffset(minutes), smallestUnit: 'second' })
}

/**
 * The instant (UTC seconds) of a wall clock at its own offset, else in `zone`; null where the text is no date and time.
 * A clock time that occurs twice when summer time ends is the first, one that never was is moved on, as servers do it.
 */
export function instantOf({
  local,
  offset,
  zone = homeZone(),
}: {
  local: string
  offset?: string
  zone?: string
}): number | null {
  try {
    const clock = Temporal.PlainDateTime.from(local, { overflow: 'reject' })
    return seconds(clock.toZonedDateTime(offset ?? zone))
  } catch {
    return null
  }
}

/**
 * Offset `+hh:mm` that makes the wall clock `local` ('2021-03-04T10:11:12') the instant `taken`, or null where no zone
 * on earth has it. Zones are quarters of an hour from -12:00 to +14:00; a clock may be off by a second's rounding.
 */
export function plausibleOffset(taken: number, local: string | undefined): string | null {
  const clock = local === undefined ? null : instantOf({ local, zone: 'UTC' })
  if (clock === null) return null
  const minutes = Math.round((clock - taken) / 60 / 15) * 15
  if (Math.abs(clock - taken - minutes * 60) > 2 || minutes < -12 * 60 || minutes > 14 * 60)
    return null
  return asOffset(minutes)
}

/** The day of an instant (UTC seconds) on the wall of a zone, `YYYY-MM-DD`. */
export function localDay(taken: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(taken * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString()
}

function asOffset(minutes: number) {
  const two = (number: number) => String(number).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

function seconds(time: { epochMilliseconds: number }) {
  return Math.floor(time.epochMilliseconds / 1000)
}
