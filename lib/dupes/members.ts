import { toAsset } from '../immich/assets.ts'
import type { RawAsset } from '../immich/immich.ts'
import type { Member } from './deciding.ts'
import type { Candidate } from './finding.ts'

/** What finding needs of an asset as search answers it. */
export function candidateOf(raw: RawAsset): Candidate {
  const { exifInfo: exif, duplicateId } = raw
  const { name, kind, width, height, place, visibility, local, trashed } = toAsset(raw)
  const taken = exif?.dateTimeOriginal
  return {
    name,
    type: kind === 'video' ? 'video' : 'image',
    visibility,
    local,
    ...(width && height && { width, height }),
    ...(place && { place }),
    ...(taken && { taken }),
    ...(exif?.make && { make: exif.make }),
    ...(exif?.model && { model: exif.model }),
    ...(duplicateId && { duplicate: duplicateId }),
    ...(trashed && { trashed }),
  }
}

/** All that is known of one member, from GET /assets/:id; `albums` are the ids of those that it is in. */
export function memberOf(raw: RawAsset, albums: string[]): Member {
  const { exifInfo: exif, tags = [], people = [], stack, duration, createdAt } = raw
  const { duplicate: _, local: __, trashed: ___, ...candidate } = candidateOf(raw)
  const { sha1, size, favorite, live, library, description } = toAsset(raw)
  const seconds = secondsIn(duration)
  return {
    ...candidate,
    sha1,
    created: createdAt,
    ...(size && { size }),
    ...(favorite && { favorite }),
    ...(live && { live }),
    ...(raw.isEdited && { edited: true as const }),
    ...(library && { library }),
    ...(description && { description }),
    ...(exif?.timeZone && { zone: exif.timeZone }),
    ...(exif?.lensModel && { lens: exif.lensModel }),
    ...(exif?.city && { city: exif.city }),
    ...(exif?.country && { country: exif.country }),
    ...(typeof exif?.rating === 'number' && { rating: exif.rating }),
    ...(candidate.type === 'video' && seconds !== undefined && { seconds }),
    ...(tags.length > 0 && { tags: tags.map(({ value }) => value).sort() }),
    ...(people.length > 0 && { people: people.map(({ id, name }) => ({ id, name })) }),
    ...(albums.length > 0 && { albums }),
    ...(stack && { stack: stack.id }),
  }
}

/** v3 gives milliseconds or null, v2 `0:00:12.345`. */
export function secondsIn(duration: number | string | null | undefined): number | undefined {
  if (typeof duration === 'number') return duration / 1000
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(duration ?? '') ?? []
  if (!seconds) return undefined
  const all = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return all > 0 ? all : undefined
}
