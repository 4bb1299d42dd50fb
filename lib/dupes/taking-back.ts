import { type Changes, type Immich, Refused } from '../immich/immich.ts'
import type { Member } from './deciding.ts'
import { offsetOf } from './differences.ts'
import { dateText, holds } from './gifts.ts'
import { gone, isWritten, until } from './giving.ts'
import { type Look, lookAt } from './looking.ts'
import type { Gifts } from './steps.ts'

/**
 * Makes the winner what it was: of every field that still holds what it was given, and of nothing that its owner has changed
 * since. `idOf`: losers that came back under another id.
 */
export async function takeBack(
  server: Immich,
  { raw: { id }, member, links, stack }: Look,
  { before, gave, idOf }: { before: Member; gave: Gifts; idOf: (id: string) => string },
) {
  const changes = undoing(gave.changes, before, member)
  const now = async () => (await lookAt(server, id, new Map())) ?? gone()
  if (Object.keys(changes).length > 0) {
    const { updatedAt } = await server.updateAsset(id, changes)
    const left = async () => undoing(gave.changes, before, (await now()).member)
    // A tag that is taken before this has gone its way would come again.
    const isRead = async () => !isWritten(changes) || (await now()).raw.updatedAt !== updatedAt
    await until(
      async () => (await isRead()) && Object.keys(await left()).length === 0,
      1,
      async () => Object.keys(await left()).join(', ') || 'up with its jobs',
    )
  }
  for (const album of gave.albums)
    if (member.albums?.includes(album)) await server.removeFromAlbum(album, [id])
  const people = new Set(gave.people.map(({ person }) => person))
  if (people.size > 0)
    for (const face of await server.faces(id))
      if (people.has(face.person?.id ?? '')) await server.deleteFace(face.id)
  for (const link of gave.links) if (links.includes(link.id)) await server.leaveLink(link.id, [id])
  if (gave.stack && stack) {
    const wasTop = idOf(gave.stack.members[0] as string)
    const rest = stack.members.filter((member) => member !== id)
    const top = rest.includes(wasTop) ? wasTop : rest[0]
    const goesDown = stack.members[0] === id && (gave.stack.joins || top === wasTop)
    if (top && goesDown) await server.putOnTop(stack.id, top)
    if (gave.stack.joins && top) await server.leaveStack(stack.id, id)
    if (gave.stack.joins && !top) await server.dissolveStack(stack.id)
  }
  await untag(server, id, gave.tags, now)
}

/** Until the server's own job has been there, and once more where that brought one back. */
async function untag(server: Immich, id: string, paths: string[], now: () => Promise<Look>) {
  const among = ({ member }: Look) => paths.filter((path) => member.tags?.includes(path))
  for (let tries = 0; tries < 2; tries++) {
    const look = await now()
    if (among(look).length === 0) return
    await server.untagAssets(among(look), [id])
    const isRead = async () => (await now()).raw.updatedAt !== look.raw.updatedAt
    await until(isRead, 1, async () => 'up with its jobs')
  }
  if (among(await now()).length > 0) throw new Refused(0, 'the server brings tags back')
}

/** The update that makes a member what it was, of the fields that still hold what they were given. */
function undoing(given: Changes, before: Member, now: Member): Changes {
  const still = (field: keyof Changes) => field in given && holds(field, given, now)
  const changes: Changes = {}
  if (still('description')) changes.description = before.description ?? ''
  // No call takes a place away: 0,0 is none.
  if (still('latitude') && still('longitude')) [changes.latitude, changes.longitude] = [0, 0]
  const isClock = still('dateTimeOriginal') && !isSameClock(given, before, now)
  if ((isClock || changes.latitude !== undefined) && before.taken)
    changes.dateTimeOriginal = dateText(before.taken, before.zone)
  if (still('rating')) changes.rating = before.rating ?? null
  if (still('isFavorite')) changes.isFavorite = false
  if (still('visibility')) changes.visibility = before.visibility
  return changes
}

/** It shows its own time again. With a place it was given that goes with the place. */
function isSameClock({ latitude }: Changes, before: Member, now: Member) {
  const isInstant = Date.parse(now.taken ?? '') === Date.parse(before.taken ?? '')
  const offsets = [before, now].map(({ zone = 'UTC', taken }) =>
    offsetOf({ zone, ...(taken && { taken }) }),
  )
  return latitude !== undefined || (isInstant && offsets[0] === offsets[1])
}
