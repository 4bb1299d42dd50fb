import { toAsset } from '../immich/assets.ts'
import type { Changes, Immich } from '../immich/immich.ts'
import type { Asset, Photo, Place, Transfer, Want } from '../state/records.ts'
import { keyIn } from '../takeout/photo-files.ts'
import { plausibleOffset, samePlace, withOffset } from '../time.ts'
import { GUESSED_TAG, tagsOf } from './arrival.ts'
import { sameSecond, sameText, secondOf } from './checking.ts'

/** What an asset is to hold from now on; a field that is not there stays as it is. */
export type News = {
  /** '' empties it. */
  description?: string
  place?: Place
  /** UTC seconds. */
  taken?: number
  favorite?: boolean
  archived?: boolean
  tag?: string[]
  untag?: string[]
}

/**
 * What Google says of a photo today and did not say when it was sent: its owner went on there. `kept` are the fields that
 * were changed on both sides, where the server's stay (design section 5, rule 11). With `overwrite` Google's word counts
 * against whatever the server holds, also for a photo that it had before; but what Google does not say empties nothing.
 */
export function newsOf(
  photo: Photo,
  transfer: Transfer,
  asset: Asset | undefined,
  overwrite = false,
): { news: News; kept: string[] } {
  const news: News = {}
  const kept: string[] = []
  const { want = {}, had } = transfer
  // What is said of an external library's file would be written beside it.
  if (!asset || asset.library || want.visibility === 'locked' || photo.locked) return { news, kept }
  const take = <F extends keyof News>(field: F, value: News[F], isOurs: boolean) => {
    if (overwrite || isOurs) news[field] = value
    else kept.push(field)
  }
  const { description: text = '', place } = photo
  const isOwnText = had && want.description === undefined && asset.description
  if (
    !sameText(text, asset.description) &&
    (overwrite ? text : !isOwnText && !sameText(text, want.description))
  )
    take('description', text.trim(), sameText(asset.description, want.description))
  const isOwnPlace = had && !want.place && asset.place
  if (
    place &&
    !samePlace(place, asset.place) &&
    (overwrite || (!isOwnPlace && !samePlace(place, want.place)))
  )
    take('place', place, samePlace(asset.place, want.place))
  if (isTakenAnew(photo, transfer, asset, overwrite))
    take('taken', photo.taken as number, isOwnClock(transfer, asset))
  if (had && !overwrite) return { news, kept }
  const is = { favorite: Boolean(asset.favorite), archived: asset.visibility === 'archive' }
  const given = { favorite: Boolean(want.favorite), archived: want.visibility === 'archive' }
  for (const field of ['favorite', 'archived'] as const) {
    const says = Boolean(photo[field])
    if (says !== is[field] && (overwrite ? says : says !== given[field])) news[field] = says
  }
  const [tags, before] = [tagsOf(photo, isGuess(photo)), want.tags ?? []]
  const tag = tags.filter((name) => name !== GUESSED_TAG && !before.includes(name))
  const untag = before.filter((name) => !tags.includes(name))
  if (tag.length > 0) news.tag = tag
  if (untag.length > 0) news.untag = untag
  return { news, kept }
}

/** The edited copies of a photo, each by its key as a transfer of its own: they hold what their original does. */
export function copiesOf(photo: Photo, transfer: Transfer): [key: string, copy: Transfer][] {
  const { gave, others = {}, at, taken } = transfer
  if (!gave) return []
  return photo.files
    .filter(({ role }) => role === 'edited')
    .map((file) => keyIn(transfer, file))
    .filter((key) => others[key] !== undefined && gave[key] !== undefined)
    .map((key) => {
      const asset = others[key] as string
      return [key, { ...gave[key], asset, at, ...(taken !== undefined && { taken }) }]
    })
}

const isGuess = ({ takenFrom }: Photo) => takenFrom === 'name' || takenFrom === 'year'

/** Only the export's own word: a time that it gave to many is no news. */
function isTakenAnew(
  { taken, takenFrom }: Photo,
  { taken: before, had }: Transfer,
  asset: Asset,
  overwrite: boolean,
) {
  if (taken === null || takenFrom) return false
  const isNews = overwrite || (!had && before !== undefined && before !== taken)
  return isNews && secondOf(asset.taken) !== taken
}

/** The server shows the time that we gave, or, where we gave none, the file's. */
function isOwnClock({ want = {}, own = {} }: Transfer, asset: Asset) {
  if (want.instant) return sameSecond(asset.taken, want.instant)
  return own.local !== undefined && asset.local.startsWith(own.local)
}

/**
 * Gives the news to the server, unless its owner changed the asset since it was listed: then the next listing decides.
 * Returns the transfer with what the asset should hold from now on.
 */
export async function update(
  server: Immich,
  photo: Photo,
  transfer: Transfer,
  overwrite = false,
): Promise<Transfer> {
  const id = transfer.asset as string
  const there = toAsset(await server.asset(id))
  const { news } = newsOf(photo, transfer, there, overwrite)
  const { description, place, taken, favorite, archived, tag = [], untag = [] } = news
  const want: Want = { ...transfer.want }
  const changes: Changes = {}
  if (description !== undefined) {
    changes.description = description
    if (description) want.description = description
    else delete want.description
  }
  if (place) {
    ;[changes.latitude, changes.longitude] = place
    want.place = [place[0], place[1]]
  }
  if (taken !== undefined || place) {
    // With a place the server reads a date without a zone anew: both go together.
    const shown = Math.floor(Date.parse(there.taken) / 1000)
    const offset = plausibleOffset(shown, there.local.slice(0, 19))
    const instant = taken ?? shown
    const at = place ?? there.place
    const text = withOffset(instant, { ...(offset && { offset }), ...(at && { place: at }) })
    changes.dateTimeOriginal = text
    want.instant = new Date(instant * 1000).toISOString()
    if (want.local || taken !== undefined) want.local = text.slice(0, -6)
  }
  if (favorite !== undefined) {
    changes.isFavorite = favorite
    if (favorite) want.favorite = true
    else delete want.favorite
  }
  if (archived !== undefined) {
    changes.visibility = archived ? 'archive' : 'timeline'
    if (archived) want.visibility = 'archive'
    else delete want.visibility
  }
  if (Object.keys(changes).length > 0) await server.updateAsset(id, changes)
  if (tag.length > 0) await server.tagAssets(tag, [id])
  if (untag.length > 0) await server.untagAssets(untag, [id])
  const tags = [...(want.tags ?? []), ...tag].filter((name) => !untag.includes(name))
  if (tags.length > 0) want.tags = tags
  else delete want.tags
  return {
    ...transfer,
    want,
    at: new Date().toISOString(),
    ...(photo.taken !== null && taken !== undefined && { taken: photo.taken }),
  }
}
