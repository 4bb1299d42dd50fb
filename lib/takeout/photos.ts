import { extname } from 'node:path'
import { mediaKind } from '../pairing/media.ts'
import type { Facts, Photo } from '../state/records.ts'
import { dateInName } from '../time.ts'
import { type Account, enter, leave } from './account.ts'
import { yearIn } from './export.ts'
import type { Media, Sidecar } from './exported.ts'
import { stampOf } from './parts.ts'
import { byWorth, filesOf } from './roles.ts'

/**
 * One photo of its media: its files with their roles, and what the newest certain sidecar says (design section 5, rules 1 to 7).
 * Enters each file into the account. `waits`: a part of one of its exports is missing.
 */
export function photoOf(id: string, group: Media[], account: Account, waits: boolean): Photo {
  const ordered = byWorth(group)
  const main = ordered[0] as Media
  const files = filesOf(id, ordered, account)
  const { facts, from } = factsOf(ordered)
  for (const one of ordered) listSidecar(id, one, from, account)
  const { title, taken, place = facts.placeExif, modified, people, description, url } = facts
  const shown = titleFor(main, title)
  const kind = mediaKind(main.name) === 'video' ? 'video' : 'image'
  const photo: Photo =
    title && title !== shown
      ? { title: shown, named: title, kind, taken: taken ?? null, files }
      : { title: shown, kind, taken: taken ?? null, files }
  if (description) photo.description = description
  if (people) photo.people = people
  if (url) photo.url = url
  if (place) photo.place = place
  if (facts.favorite) photo.favorite = true
  if (facts.partner) photo.partner = true
  if (modified !== undefined) photo.known = modified
  Object.assign(photo, standingOf(ordered, facts))
  if (photo.taken === null) guessTime(photo, ordered)
  if (waits && !group.some((one) => one.sidecar && (one.pair.certain || one.trusted)))
    photo.waits = true
  return photo
}

/** Enters a file's sidecar; one that says something else than the one that speaks for the photo is listed. */
function listSidecar(id: string, one: Media, from: Sidecar | undefined, account: Account) {
  const { sidecar, file, pair } = one
  if (!sidecar || account.rows.get(sidecar)?.photo) return
  const { certain, why } = pair
  enter(account, sidecar, { role: 'sidecar', of: file.path, photo: id, certain, why })
  if (pair.role === 'motion') return
  const isOther = from !== undefined && sidecar !== from && saysOf(sidecar) !== saysOf(from)
  if (isOther || (!pair.certain && !one.trusted)) {
    leave(account, sidecar, pair.certain ? 'a newer sidecar says otherwise' : 'uncertain sidecar')
  } else if (sidecar.comments) leave(account, sidecar, 'comments on a photo')
}

/** What it says of the photo. Where it lies and what it is archived by is told by its folder, too. */
function saysOf({ json: { facts } }: Sidecar) {
  const { title, taken, place = facts.placeExif, description, people, url } = facts
  const { favorite, trashed, partner } = facts
  return JSON.stringify([title, taken, place, description, people, url, favorite, trashed, partner])
}

/** The newest certain sidecar speaks. An uncertain one gives no more than its name, unless a second fact agrees with it. */
function factsOf(group: Media[]): { facts: Facts; from?: Sidecar } {
  const withSidecar = group.filter((one) => one.sidecar && one.pair.role !== 'motion')
  const sure = withSidecar.filter((one) => one.pair.certain || one.trusted)
  const best = (sure.length > 0 ? sure : withSidecar).reduce<Media | undefined>(
    (a, b) => (a && !isNewer(b, a) ? a : b),
    undefined,
  )
  if (!best?.sidecar) return { facts: {} }
  const { facts } = best.sidecar.json
  if (sure.length > 0) return { facts, from: best.sidecar }
  return { facts: facts.title === undefined ? {} : { title: facts.title }, from: best.sidecar }
}

/** By when Google last changed it, then by when the export was made. */
function isNewer(a: Media, b: Media) {
  const modified = (one: Media) => one.sidecar?.json.facts.modified ?? 0
  return (
    modified(a) > modified(b) ||
    (modified(a) === modified(b) && stampOf(a.export) > stampOf(b.export))
  )
}

/**
 * Archived, trashed, locked: by flag or by folder, as the newest export that has it says. In the trash or the locked
 * folder only if it is nowhere else: identical bytes may have been there twice, and one of them deleted.
 */
function standingOf(group: Media[], facts: Facts) {
  const now = newestOf(group).filter((one) => !one.of)
  const has = now.length > 0
  const archived = facts.archived || now.some(({ kind }) => kind === 'archive')
  const trashed =
    has && now.every(({ kind, sidecar }) => kind === 'trash' || sidecar?.json.facts.trashed)
  const locked = has && now.every(({ kind }) => kind === 'locked')
  return {
    ...(archived && { archived: true as const }),
    ...(trashed && { trashed: true as const }),
    ...(locked && { locked: true as const }),
  }
}

/** Those of the newest export that has any. */
function newestOf(group: Media[]): Media[] {
  if (group.length === 1) return group
  const stamps = group.map((one) => stampOf(one.export))
  const newest = stamps.reduce((a, b) => (b > a ? b : a))
  return group.filter((_, at) => stamps[at] === newest)
}

function guessTime(photo: Photo, group: Media[]) {
  const fromName = group.map((one) => dateInName(one.name)).find((time) => time !== null)
  const year = group.find((one) => one.kind === 'year' && yearIn(one.folder))
  if (fromName !== undefined) {
    photo.taken = fromName
    photo.takenFrom = 'name'
  } else if (year) {
    photo.taken = Date.UTC(yearIn(year.folder) as number, 0, 1) / 1000
    photo.takenFrom = 'year'
  }
}

/** The whole upload name, with the file's own extension where the title has none or one that is not the file's. */
function titleFor(main: Media, title: string | undefined) {
  if (!title || title === main.name) return main.name
  const [extension, own] = [extname(main.name), extname(title)]
  if (own.toLowerCase() === extension.toLowerCase() || extension === '') return title
  // `Day 21.12` ends in no extension that anybody knows.
  return /image|video/.test(mediaKind(title) ?? '')
    ? title.slice(0, -own.length) + extension
    : title + extension
}

// A burst may have as many in one second; then its files say the same, and nothing changes.
export const CLUSTER = 5

/** Marks the photos of one second that Google gave to so many that it may be a guess (rule 6): their files may know better. */
export function markClusters(photos: Photo[]) {
  const inSecond = new Map<number, number>()
  for (const { taken, takenFrom } of photos)
    if (taken !== null && !takenFrom) inSecond.set(taken, (inSecond.get(taken) ?? 0) + 1)
  for (const photo of photos) {
    const { taken, takenFrom } = photo
    const isShared = taken !== null && !takenFrom && (inSecond.get(taken) ?? 0) >= CLUSTER
    if (isShared) photo.takenFrom = 'cluster'
  }
}
