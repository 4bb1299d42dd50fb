import { Temporal } from 'temporal-polyfill'

/** The zone of wall clocks that say nothing of theirs: TIME_ZONE, else the machine's. */
export function homeZone(): string {
  return process.env.TIME_ZONE || Temporal.Now.timeZoneId()
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
  try {
    const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`
    const clock = Temporal.PlainDateTime.from(text, { overflow: 'reject' })
    return seconds(clock.toZonedDateTime(name.startsWith('PXL_') && found[5] ? 'UTC' : zone))
  } catch {
    return null
  }
}

/**
 * The instant `taken` (UTC seconds) with the offset that its wall clock had, as ISO text: the way in which a server
 * learns both. Design section 5, rule 6: the offset is the file's own where it gives one, else the difference between
 * the file's wall clock `local` and the instant where a zone can have it, else that of `zone`.
 */
export function withOffset(
  taken: number,
  file: { local?: string; offset?: string },
  zone = homeZone(),
): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(taken * 1000)
  const offset = file.offset ?? plausibleOffset(taken, file.local)
  return instant.toString({ timeZone: offset ?? zone, smallestUnit: 'second' })
}

/**
 * Offset `+hh:mm` that makes the wall clock `local` ('2021-03-04T10:11:12') the instant `taken`, or null where no zone
 * on earth has it. Zones are quarters of an hour from -12:00 to +14:00; a clock may be off by a second's rounding.
 */
export function plausibleOffset(taken: number, local: string | undefined): string | null {
  const clock = local === undefined ? null : wallClock(local)
  if (clock === null) return null
  const minutes = Math.round((clock - taken) / 60 / 15) * 15
  if (Math.abs(clock - taken - minutes * 60) > 2 || minutes < -12 * 60 || minutes > 14 * 60)
    return null
  const sign = minutes < 0 ? '-' : '+'
  const two = (number: number) => String(number).padStart(2, '0')
  return `${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** A wall clock without a zone as seconds, as if it were UTC; null where the text is no date and time. */
export function wallClock(local: string): number | null {
  try {
    return seconds(Temporal.PlainDateTime.from(local).toZonedDateTime('UTC'))
  } catch {
    return null
  }
}

function seconds(time: { epochMilliseconds: number }) {
  return Math.floor(time.epochMilliseconds / 1000)
}

/** The day of an instant (UTC seconds) on the wall of a zone, `YYYY-MM-DD`. */
export function localDay(taken: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(taken * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString()
}
