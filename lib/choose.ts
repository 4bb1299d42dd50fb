import { Fail } from './stage.ts'
import type { Album, Photo } from './state/records.ts'
import { homeZone, localDay } from './time.ts'

/** The flags by which a person takes a part of the library: the same for every stage that has them. */
export const choosing = {
  albums: { type: 'string', multiple: true },
  'not-albums': { type: 'string', multiple: true },
  dates: { type: 'string' },
} as const

export const choosingUsage = `  --albums 'Trip*'          only photos of these albums (again for more; * and ? stand for any text)
  --not-albums 'Work*'      no photos of these albums
  --dates 2012-01:2012-06   only photos taken in these days, months or years, ends included`

/** The titles of the albums that each photo is in: photo -> titles. */
export function albumTitles(albums: Record<string, Album>): Map<string, string[]> {
  const titles = new Map<string, string[]>()
  for (const { title, photos } of Object.values(albums)) {
    for (const photo of photos) {
      const list = titles.get(photo)
      if (list) list.push(title)
      else titles.set(photo, [title])
    }
  }
  return titles
}

/** A choice as a plan asks it. */
export type Choice = {
  photo(photo: Photo, titles: string[]): boolean
  album(title: string): boolean
}

type Given = { albums?: string[]; 'not-albums'?: string[]; dates?: string }

/**
 * Decides by the albums' titles and the day in the home zone. `all` says that nothing was asked for; `text` is the
 * choice as one line, to tell whether it changed. Throws a usage Fail for dates that are none.
 */
export function chooser(given: Given) {
  const wanted = (given.albums ?? []).map(pattern)
  const unwanted = (given['not-albums'] ?? []).map(pattern)
  const [from, to] = given.dates === undefined ? ['', ''] : days(given.dates)
  const zone = homeZone()
  const album = (title: string) =>
    (wanted.length === 0 || wanted.some((one) => one.test(title))) &&
    !unwanted.some((one) => one.test(title))
  return {
    all: !given.albums && !given['not-albums'] && !given.dates,
    text: JSON.stringify([given.albums ?? [], given['not-albums'] ?? [], given.dates ?? '']),
    album,
    photo(photo: Photo, albumTitles: string[]) {
      if (wanted.length > 0 && !albumTitles.some((title) => wanted.some((one) => one.test(title))))
        return false
      if (albumTitles.some((title) => unwanted.some((one) => one.test(title)))) return false
      if (!from && !to) return true
      if (photo.taken === null) return false
      const day = localDay(photo.taken, zone)
      return (!from || day >= from) && (!to || day <= `${to}~`)
    },
  }
}

function pattern(text: string) {
  const source = text
    .normalize('NFC')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'isu')
}

/** '2012-01:2012-06' -> both ends as texts that sort among days; an open end is ''. */
function days(text: string): [string, string] {
  const ends = text.split(':')
  const day = /^(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?$/
  if (ends.length > 2 || text === '' || ends.some((end) => !day.test(end))) {
    throw new Fail(
      `Cannot read --dates "${text}": give days, months or years, as in 2012-01:2012-06 or 2014`,
      { exitCode: 2 },
    )
  }
  const [from = '', to = from] = ends
  if (from && to && to < from.slice(0, to.length)) {
    throw new Fail(`Cannot read --dates "${text}": it ends before it begins`, { exitCode: 2 })
  }
  return [from, to]
}
