import { crc32 } from 'node:zlib'
import { hex } from '../archive/directory.ts'
import { albumTitles, type Choice } from '../choose.ts'
import { count, size } from '../progress.ts'
import type { Album, Mirrored, Photo, Transfer } from '../state/records.ts'
import { filesLeft, shaped } from '../takeout/photo-files.ts'
import { heldBack, MAX_TRIES, type Rules, tally } from '../transfer/standing.ts'

/** Where a photo stands on its way into the folders; each counts once, in the first that applies. */
type Kind = 'mirrored' | 'left out' | 'waits' | 'failed' | 'to mirror' | 'to renew'
type Standing = { is: Kind; why: string }
type Known = {
  photos: Record<string, Photo>
  albums: Record<string, Album>
  mirrored: Record<string, Mirrored>
}

/** Files that were found missing or damaged on disk: photo -> their keys. */
export type Lost = Map<string, Set<string>>

/** What is left to do for the chosen photos. `photos` has each with the files that are wanted of it. */
export function mirrorPlan(known: Known, choice: Choice, rules: Rules, lost: Lost = new Map()) {
  const { albums, mirrored } = known
  const titles = albumTitles(albums)
  const photos: Record<string, Photo> = {}
  const standings = new Map<string, Standing>()
  for (const [id, photo] of Object.entries(known.photos)) {
    photos[id] = shaped(photo, rules.edited ?? 'stack')
    if (!choice.photo(photo, titles.get(id) ?? [])) continue
    standings.set(id, standing(photos[id], mirrored[id], lost.get(id), rules))
  }
  const those = (...kinds: Kind[]) =>
    [...standings].filter(([, { is }]) => kinds.includes(is)).map(([id]) => id)
  const isTired = (id: string) => (mirrored[id]?.tries ?? 0) >= MAX_TRIES && !rules.retry
  const left = [...those('to mirror'), ...those('failed').filter((id) => !isTired(id))]
  const bytesOf = (ids: string[]) =>
    ids
      .flatMap((id) => filesLeft(photos[id] as Photo, thereOf(mirrored[id], lost.get(id))))
      .reduce((sum, file) => sum + file.size, 0)
  return {
    photos,
    standings,
    those,
    /** Photos of which a file is to be brought, those that failed before last. */
    left,
    /** Photos of which Google says something else by now. */
    renew: those('to renew'),
    tired: those('failed').filter(isTired),
    titles,
    /** What they come to on disk, in bytes. */
    bytesOf,
    /** The same for people: of what was picked nobody knows the size before it comes. */
    sizeOf(ids: string[]) {
      const picked = ids.filter((id) => photos[id]?.picked).length
      return `${size(bytesOf(ids))}${picked > 0 ? ` and ${count(picked, 'picked photo')} of unknown size` : ''}`
    },
    albums: Object.entries(albums)
      .filter(([, { title, leftOut }]) => !leftOut && choice.album(title))
      .map(([id]) => id),
    counts: tally(standings.values()),
  }
}

function standing(
  photo: Photo,
  record: Mirrored | undefined,
  lost: Set<string> | undefined,
  rules: Rules,
): Standing {
  if (record?.failed) return { is: 'failed', why: record.failed }
  if (!record?.files) {
    const held = heldBack(photo, rules) as Standing | undefined
    if (held) return held
  }
  if (filesLeft(photo, thereOf(record, lost)).length > 0) return { is: 'to mirror', why: '' }
  return { is: record?.seen === seenOf(photo) ? 'mirrored' : 'to renew', why: '' }
}

/** The folders as a transfer: by it the files are told that are left. */
export function thereOf(record: Mirrored | undefined, lost: Set<string> = new Set()): Transfer {
  const { files = [], main, at = '' } = record ?? {}
  const keys = files
    .filter(({ key }) => !lost.has(key))
    .flatMap(({ key, bytes }) => (bytes === undefined ? [key] : [key, bytes]))
  const isThere = main !== undefined && keys.includes(main)
  return {
    at,
    ...(isThere && { asset: main, main }),
    // All of them: what was the photo itself may be its edited copy by now.
    others: Object.fromEntries(keys.map((key) => [key, key])),
  }
}

/** A short text that changes with what the index says of a photo beside its files. */
export function seenOf(photo: Photo): string {
  const { taken, takenFrom, description, place, people, favorite, archived, partner } = photo
  return hex(
    crc32(
      JSON.stringify([taken, takenFrom, description, place, people, favorite, archived, partner]),
    ),
  )
}
