import type { Changes } from '../immich/immich.ts'
import { asOffset } from '../time.ts'
import { sameText } from '../transfer/checking.ts'
import type { Member } from './deciding.ts'
import { offsetOf } from './differences.ts'
import { linesLacking } from './lacks.ts'
import type { Look } from './looking.ts'
import type { Gifts } from './steps.ts'

/** What the losers, the best first, have and the winner lacks. Nothing that it has is overwritten. */
export function giftsOf(winner: string, losers: string[], looks: Map<string, Look>): Gifts {
  const best = looks.get(winner) as Look
  const others = losers.map((id) => [id, looks.get(id) as Look] as const)
  const members = others.map(([, { member }]) => member)
  const more = <T>(of: (look: Look) => T[], is: (value: T) => string) => {
    const given = new Map<string, T>()
    for (const [, look] of others) for (const one of of(look)) given.set(is(one), one)
    for (const one of of(best)) given.delete(is(one))
    return [...given.values()]
  }
  const links = new Map<string, string>()
  for (const [id, look] of others) for (const link of look.links) links.set(link, id)
  for (const link of best.links) links.delete(link)
  const stacked = others.find(([, { stack }]) => stack)
  const joins = stacked && !best.stack
  // What lies on top is all that a timeline shows: the winner has to take its place.
  const isTop = stacked?.[1].stack?.members[0] === stacked?.[0]
  return {
    changes: changesOf(best.member, members),
    albums: more(
      ({ member }) => member.albums ?? [],
      (id) => id,
    ),
    tags: more(
      ({ member }) => member.tags ?? [],
      (path) => path,
    ),
    people: more(
      ({ faces }) => faces,
      ({ person }) => person,
    ),
    links: [...links].map(([id, from]) => ({ id, from })),
    ...(stacked?.[1].stack &&
      (joins || isTop) && {
        stack: { ...stacked[1].stack, from: stacked[0], ...(joins && { joins: true }) },
      }),
  }
}

function changesOf(winner: Member, losers: Member[]): Changes {
  const first = <F extends keyof Member>(field: F) =>
    winner[field] === undefined ? losers.find((one) => one[field] !== undefined) : undefined
  const changes: Changes = {}
  let text = winner.description ?? ''
  for (const { description } of losers)
    text = [text, ...linesLacking(text, description)].filter(Boolean).join('\n')
  if (!sameText(text, winner.description)) changes.description = text
  const place = first('place')?.place
  if (place) [changes.latitude, changes.longitude] = place
  const dated = first('taken')
  const zoned = first('zone')
  const taken = winner.taken ?? dated?.taken
  // With a place the server reads a date without a zone anew: both go together.
  if (taken && (place || dated || zoned))
    changes.dateTimeOriginal = dateText(taken, winner.zone ?? zoned?.zone)
  const rating = Math.max(...losers.map((one) => one.rating ?? 0))
  if (rating > Math.max(0, winner.rating ?? 0)) changes.rating = rating
  if (!winner.favorite && losers.some(({ favorite }) => favorite)) changes.isFavorite = true
  const isArchived = losers.some(({ visibility }) => visibility === 'archive')
  if (winner.visibility === 'timeline' && isArchived) changes.visibility = 'archive'
  return changes
}

/** The instant (ISO) with the offset that the zone has then; in UTC where there is none, or one that servers would drop. */
export function dateText(taken: string, zone: string | undefined): string {
  const minutes = zone ? offsetOf({ zone, taken }) : 0
  const instant = Date.parse(taken)
  if (typeof minutes !== 'number' || minutes < -11 * 60 || minutes > 14 * 60 || minutes % 15 !== 0)
    return new Date(instant).toISOString()
  const local = new Date(instant + minutes * 60_000).toISOString().slice(0, -1)
  return minutes === 0 ? `${local}Z` : `${local}${asOffset(minutes)}`
}

export function isNothing({ changes, albums, tags, people, links, stack }: Gifts): boolean {
  const lists = albums.length + tags.length + people.length + links.length
  return lists + Object.keys(changes).length === 0 && !stack
}

// Of a degree: what a round trip through a sidecar may cost.
const NEAR = 0.00005

/** Of what was given, that which an asset does not hold (now). */
export function lacking(gifts: Gifts, winner: string, { raw, member, links, stack }: Look): Gifts {
  const has = <T>(list: T[] | undefined) => new Set(list)
  const [albums, tags] = [has(member.albums), has(member.tags)]
  const people = has(member.people?.map(({ id }) => id))
  const changes = Object.fromEntries(
    Object.entries(gifts.changes).filter(([field]) => !holds(field, gifts.changes, member)),
  )
  const isOnTop = stack?.id === gifts.stack?.id && stack?.members[0] === winner
  const isIn = stack?.id === gifts.stack?.id
  const wasTop = gifts.stack?.members[0] === gifts.stack?.from
  const isStacked = !gifts.stack || (wasTop ? isOnTop : isIn)
  return {
    changes: raw.exifInfo?.modifyDate == null ? gifts.changes : changes,
    albums: gifts.albums.filter((id) => !albums.has(id)),
    tags: gifts.tags.filter((path) => !tags.has(path)),
    people: gifts.people.filter(({ person }) => !people.has(person)),
    links: gifts.links.filter(({ id }) => !links.includes(id)),
    ...(gifts.stack && !isStacked && { stack: gifts.stack }),
  }
}

/** An asset has the value that was given to a field. */
export function holds(field: string, given: Changes, member: Member): boolean {
  const { description = '', place, taken, zone, rating, favorite, visibility } = member
  switch (field) {
    case 'description':
      // The server joins captions in an order of its own.
      return (
        linesLacking(description, given.description).length === 0 &&
        linesLacking(given.description, description).length === 0
      )
    case 'latitude':
      return place !== undefined && Math.abs(place[0] - (given.latitude ?? 0)) < NEAR
    case 'longitude':
      return place !== undefined && Math.abs(place[1] - (given.longitude ?? 0)) < NEAR
    case 'dateTimeOriginal': {
      const apart = Date.parse(taken ?? '') - Date.parse(given.dateTimeOriginal ?? '')
      return Math.abs(apart) < 1000 && zone !== undefined
    }
    case 'rating':
      return (rating ?? 0) === (given.rating ?? 0)
    case 'isFavorite':
      return Boolean(favorite) === given.isFavorite
    default:
      return visibility === given.visibility
  }
}
