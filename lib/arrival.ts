import type { Changes } from './immich.ts'
import type { Head } from './picture.ts'
import type { Asset, Photo, Place, Want } from './state.ts'
import { wallClock, withOffset } from './time.ts'
import { storedName, type Upload } from './upload.ts'
import { xmp } from './xmp.ts'

export const GUESSED_TAG = 'photoferry/date-guessed'

/**
 * With what a photo's file has to be sent so that the server ends with what Google showed: form fields, an XMP sidecar
 * only where the file itself says something else (the server keeps one for every file that came with it), and `want`,
 * what the server should then hold. `head` is what the file says of itself. Design section 5, rules 5 to 7.
 */
export function arrival(
  photo: Photo,
  head: Head,
): { fields: Upload['fields']; sidecar?: string; want: Want } {
  const { place, description } = photo
  // A date from a name or a folder yields to the file's own.
  const guessed = photo.takenFrom !== undefined
  const taken = photo.taken === null || (guessed && head.local) ? null : photo.taken
  const instant = taken === null ? undefined : withOffset(taken, head)
  const iso = taken === null ? undefined : new Date(taken * 1000).toISOString()
  const own = new Date((photo.taken ?? Date.now() / 1000) * 1000).toISOString()
  const tags = tagsOf(photo, guessed && !head.local)
  const placeDiffers = place !== undefined && !samePlace(place, head.place)
  const differs = {
    // A guess is sent as the upload's date, which the server takes where a file has none.
    date: taken !== null && !guessed && !(head.offset && epochOf(head) === taken),
    place: placeDiffers,
    description: description !== undefined && description.trim() !== head.description?.trim(),
    tags: tags.length > 0,
  }
  const needsSidecar = Object.values(differs).some(Boolean)
  // A place without a date would break the date of a file that names no zone: one sidecar says all that is known.
  const sidecar = xmp({
    ...(instant && !guessed && { instant }),
    ...(place && { place }),
    ...(description && { description }),
    ...(tags.length > 0 && { tags }),
  })
  return {
    fields: {
      fileCreatedAt: own,
      fileModifiedAt: own,
      ...(photo.favorite && { isFavorite: true }),
      ...(photo.archived && { visibility: 'archive' }),
      ...(photo.locked && { visibility: 'locked' }),
    },
    ...(needsSidecar && { sidecar }),
    want: {
      name: storedName(photo.title),
      ...(iso && { instant: iso }),
      ...(place && { place: [place[0], place[1]] }),
      ...(description?.trim() && { description: description.trim() }),
      ...(photo.favorite && { favorite: true }),
      ...(photo.archived && { visibility: 'archive' }),
      ...(photo.locked && { visibility: 'locked' }),
    },
  }
}

/**
 * What an asset that was there before lacks of its photo, as one update, and the `want` of it: caption and place where
 * the server has none (rule 10). Undefined where nothing is lacking.
 */
export function completion(
  photo: Photo,
  asset: Pick<Asset, 'description' | 'place'>,
): { changes: Changes; want: Want } | undefined {
  const description = asset.description ? undefined : photo.description?.trim()
  const place = asset.place ? undefined : photo.place
  if (!description && !place) return undefined
  const changes: Changes = {}
  const want: Want = {}
  if (description) changes.description = want.description = description
  if (place) {
    ;[changes.latitude, changes.longitude] = place
    want.place = [place[0], place[1]]
    // With a place the server takes its zone, and reads a date without a zone as UTC: so the date goes with it.
    if (photo.taken !== null && !photo.takenFrom) {
      changes.dateTimeOriginal = withOffset(photo.taken, {})
      want.instant = new Date(photo.taken * 1000).toISOString()
    }
  }
  return { changes, want }
}

/** Degrees to about a metre: servers round, and so do files. */
export function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  if (!a || !b) return a === b
  return Math.abs(a[0] - b[0]) < 1e-5 && Math.abs(a[1] - b[1]) < 1e-5
}

function tagsOf(photo: Photo, guessed: boolean) {
  // A slash makes levels of a tag, so a name keeps none.
  const people = (photo.people ?? []).map((name) => `People/${name.replaceAll('/', '⁄')}`)
  return [...people, ...(photo.partner ? ['From partner'] : []), ...(guessed ? [GUESSED_TAG] : [])]
}

/** The instant that the file itself gives: its wall clock less its offset. */
function epochOf({ local, offset }: Head): number | null {
  const clock = local === undefined ? null : wallClock(local)
  const found = /^([+-])(\d\d):(\d\d)$/.exec(offset ?? '')
  if (clock === null || !found) return null
  const [, sign, hours, minutes] = found
  return clock - (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}
