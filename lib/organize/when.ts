import type { Head } from '../picture/picture.ts'
import type { Facts, Place } from '../state/records.ts'
import { dateInName, shownAt } from '../time.ts'

/** Where a time can come from, the first that says anything counts. `mtime` only where it is asked for. */
export const SOURCES = ['xmp', 'json', 'exif', 'movie', 'name', 'mtime'] as const
export type Source = (typeof SOURCES)[number]

/** What is known of a file, or of a live photo's two: the text of an XMP sidecar, Google's JSON, the file's own head. */
export type Known = {
  name: string
  xmp?: string | undefined
  facts?: Facts | undefined
  head: Head
  /** ms since 1970; only where it may count. */
  modified?: number | undefined
}
/** The wall clock of a photo, `YYYY-MM-DDTHH:MM:SS`. */
export type When = { local: string; from: Source }

/** When a photo was taken, and what says so; null where nothing does. `now` in ms: what lies ahead of it is no time. */
export function whenTaken(known: Known, now = Date.now()): When | null {
  for (const from of SOURCES) {
    const local = clocks[from](known)
    if (local !== undefined && isPlausible(local, now)) return { local, from }
  }
  return null
}

const clocks: Record<Source, (known: Known) => string | undefined> = {
  xmp: ({ xmp }) => (xmp === undefined ? undefined : clockInXmp(xmp)),
  // Google's is an instant: the wall clock is that of the place, or of the camera.
  json: ({ facts, head }) => {
    const place = facts?.place ?? facts?.placeExif ?? head.place
    return facts?.taken === undefined ? undefined : clockAt(facts.taken, { ...head, place })
  },
  exif: ({ head }) => (head.seconds === undefined ? head.local : undefined),
  // Apple writes the wall clock as well; others the instant alone, whose zone the place or the name may tell.
  movie: ({ name, head: { local, instant, place, seconds } }) => {
    if (seconds === undefined && instant === undefined) return undefined
    if (local !== undefined || instant === undefined) return local
    return clockAt(instant, { place, local: clockInName(name) })
  },
  name: ({ name }) => clockInName(name),
  mtime: ({ modified }) => (modified === undefined ? undefined : clockAt(modified / 1000, {})),
}

function clockAt(
  instant: number,
  {
    local,
    offset,
    place,
  }: { local?: string | undefined; offset?: string; place?: Place | undefined },
) {
  const given = { ...(local && { local }), ...(offset && { offset }), ...(place && { place }) }
  return shownAt(Math.floor(instant), given).local
}

/** The wall clock in a name. A Pixel writes UTC; what Syncthing says of a conflict is no time of the picture. */
function clockInName(name: string): string | undefined {
  const own = name.replace(/\.sync-conflict-\d{8}-\d{6}(-\w{7})?/, '')
  const instant = dateInName(own)
  return instant === null ? undefined : clockAt(instant, {})
}

// In the order of what a person meant: the time of the picture before that of the file.
const XMP = ['exif:DateTimeOriginal', 'photoshop:DateCreated', 'xmp:CreateDate']

/** The time that an XMP sidecar gives, as an attribute or an element: its wall clock, whatever the offset behind it. */
export function clockInXmp(text: string): string | undefined {
  for (const name of XMP) {
    const found = new RegExp(
      `\\b${name}\\s*(?:=\\s*["']|>\\s*)(\\d{4}-\\d\\d-\\d\\d)(?:T(\\d\\d:\\d\\d)(:\\d\\d)?)?`,
    ).exec(text)
    if (found) return `${found[1]}T${found[2] ?? '12:00'}${found[2] ? (found[3] ?? ':00') : ':00'}`
  }
}

// A camera whose clock was never set, or lost it.
const UNSET = ['1904-01-01', '1970-01-01', '1980-01-01T00:00:00']
// Before there were photos.
const FIRST_YEAR = '1826'
const DAY_MS = 86_400_000

function isPlausible(local: string, now: number) {
  const instant = Date.parse(`${local}Z`)
  if (!Number.isFinite(instant) || local < FIRST_YEAR || instant > now + DAY_MS) return false
  return !UNSET.some((unset) => local.startsWith(unset))
}
