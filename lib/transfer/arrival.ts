import type { Changes } from '../immich/immich.ts'
import { storedName, type Upload } from '../immich/upload.ts'
import type { Head } from '../picture/picture.ts'
import { type XmpFields, xmp } from '../picture/xmp.ts'
import type { Asset, Photo, Place, Want } from '../state/records.ts'
import {
  instantOf,
  instantsOf,
  plausibleOffset,
  samePlace,
  shownAt,
  withOffset,
  zoneAt,
} from '../time.ts'

// 1 July 1937, UTC seconds: before it there were zones with seconds in their offset, and nobody shows these alike.
const LAST_ODD_ZONE = -1_025_740_800

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
  const { time, said, isNews, tags } = sayingOf(photo, head)
  const own = new Date((photo.taken ?? time.instant ?? Date.now() / 1000) * 1000).toISOString()
  const isClock =
    time.shown !== undefined &&
    (time.instant ?? 0) > LAST_ODD_ZONE &&
    (time.shown.offset !== undefined || !isAtSea(place ?? head.place))
  return {
    fields: {
      fileCreatedAt: own,
      fileModifiedAt: own,
      ...(photo.favorite && { isFavorite: true }),
      ...(photo.archived && { visibility: 'archive' }),
      ...(photo.locked && { visibility: 'locked' }),
    },
    ...(isNews && { sidecar: xmp(said) }),
    want: {
      name: storedName(photo.title),
      ...(time.instant !== null && { instant: new Date(time.instant * 1000).toISOString() }),
      ...(isClock && { local: time.shown?.local }),
      ...(place && { place: [place[0], place[1]] }),
      ...(description?.trim() && { description: description.trim() }),
      ...(tags.length > 0 && { tags }),
      ...(photo.favorite && { favorite: true }),
      ...(photo.archived && { visibility: 'archive' }),
      ...(photo.locked && { visibility: 'locked' }),
    },
  }
}

/**
 * What there is to say of a photo beside what its file says: as the fields of an XMP, and whether any of them `isNews`,
 * since the file itself says something else or nothing. A place without a date would break the date of a file that
 * names no zone: all that is known is said together.
 */
export function sayingOf(photo: Photo, head: Head) {
  const { place, description } = photo
  const time = timeOf(photo, head)
  const guessed = photo.takenFrom === 'name' || photo.takenFrom === 'year'
  const tags = tagsOf(photo, guessed && time.from === 'guess')
  const isNews =
    (time.shown !== undefined && !time.inFile) ||
    (place !== undefined && !samePlace(place, head.place)) ||
    (description !== undefined && description.trim() !== head.description?.trim()) ||
    tags.length > 0
  const said: XmpFields = {
    ...(time.shown && { instant: time.shown.text }),
    ...(time.shown?.offset && { offset: time.shown.offset }),
    ...(place && { place }),
    ...(description && { description }),
    ...(tags.length > 0 && { tags }),
  }
  return { time, said, isNews, tags }
}

/**
 * Who tells the time: the `sidecar` of the export; the `file`, where that is a guess (a name, a folder, one time that Google
 * gave to many photos of other clocks); else the `guess`. `shown` is how it is told; without it, it goes as the upload's
 * date. `inFile`: the server finds that instant and wall clock in the file by itself.
 */
function timeOf({ taken, takenFrom, place: given }: Photo, head: Head) {
  const { local, offset, place: own } = head
  const place = given ?? own
  const there = place && zoneAt(place)
  const isGuess =
    takenFrom === 'cluster' ? !plausibleOffset(taken as number, local) : takenFrom !== undefined
  const tell = (from: 'sidecar' | 'file' | 'guess', instant: number) => {
    const shown = shownAt(instant, { local, offset, place })
    return { from, instant, shown, inFile: isInFile(head, instant, shown) }
  }
  const nobody = (instant: number | null) =>
    ({ from: 'guess', instant, shown: undefined, inFile: false }) as const
  const clock = local && instantOf({ local, offset, ...(there && { zone: there }) })
  if (typeof clock === 'number' && (taken === null || isGuess)) return tell('file', clock)
  // A movie's clock is what the server takes, and no worse than a name.
  if (head.instant !== undefined && (taken === null || (isGuess && takenFrom !== 'cluster')))
    return tell('file', head.instant)
  if (taken === null) return nobody(null)
  // Of a whole year no clock time is known, and in no zone it is to become the year before.
  if (takenFrom === 'year') return nobody(taken)
  return tell(takenFrom === 'name' ? 'guess' : 'sidecar', taken)
}

/** Whether a server that is given the file alone shows this instant at this wall clock. */
function isInFile(
  { local, offset, place, instant }: Head,
  taken: number,
  shown: ReturnType<typeof shownAt>,
) {
  // An offset in the file counts before the place, and the place has to be one whose zone is beyond doubt.
  if (offset === undefined && (place === undefined || shown.offset !== undefined)) return false
  if (local === undefined) return instant === taken
  const all = instantsOf({ local, offset, ...(place && { zone: zoneAt(place) }) })
  return local === shown.local && all.length === 1 && all[0] === taken
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
      changes.dateTimeOriginal = withOffset(photo.taken, { place })
      want.instant = new Date(photo.taken * 1000).toISOString()
    }
  }
  return { changes, want }
}

// There Immich takes the zone of the nearest town on land, which is nothing that can be known here.
function isAtSea(place: Place | undefined) {
  return place !== undefined && zoneAt(place)?.startsWith('Etc/') === true
}

/** The tags of a photo, whole paths: its people, whose it is, and that its date is `guessed`. */
export function tagsOf(photo: Photo, guessed: boolean): string[] {
  // A slash makes levels of a tag, so a name keeps none.
  const people = (photo.people ?? []).map((name) => `People/${name.replaceAll('/', '⁄')}`)
  return [...people, ...(photo.partner ? ['From partner'] : []), ...(guessed ? [GUESSED_TAG] : [])]
}
