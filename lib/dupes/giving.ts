import { setTimeout as sleep } from 'node:timers/promises'
import { type Changes, type Immich, Refused } from '../immich/immich.ts'
import { isNothing, lacking } from './gifts.ts'
import { type Look, lookAt, sharedLinksOf } from './looking.ts'
import type { Face, Gifts } from './steps.ts'

// A change comes back from the server's own jobs in a second or two, and a tag may get lost on the way.
const POLL_MS = Number(process.env.PHOTOFERRY_POLL_MS || 2000)
const POLLS = 10

/**
 * Gives the winner what it lacks, and waits until the server is seen to hold it. May be called again after any end: what
 * is there is not given twice. Throws Refused where the server does not keep it.
 */
export async function give(server: Immich, winner: string, gifts: Gifts) {
  const look = async () => {
    const links = gifts.links.length > 0 ? await sharedLinksOf(server) : new Map()
    return (await lookAt(server, winner, links)) ?? gone()
  }
  let moved = ''
  let isAtRest = false
  let isIn = false
  const left = async () => {
    const found = await look()
    isIn = found.stack?.id === gifts.stack?.id
    isAtRest = moved === found.raw.updatedAt
    moved = found.raw.updatedAt
    return lacking(gifts, winner, found)
  }
  const why = async () => {
    const rest = await left()
    return isNothing(rest) ? 'up with its jobs' : whatLacks(rest)
  }
  const first = await left()
  if (Object.keys(first.changes).length > 0) {
    const { updatedAt } = await server.updateAsset(winner, gifts.changes)
    const isRead = () => moved !== updatedAt || !isWritten(gifts.changes)
    // A tag that is given before this has gone its way would be lost.
    await until(async () => Object.keys((await left()).changes).length === 0 && isRead(), 1, why)
  }
  if (first.tags.length > 0) {
    const since = moved
    await server.tagAssets(first.tags, [winner])
    await until(async () => (await left()) && moved !== since, 1, why)
  }
  for (const album of first.albums) {
    const [answer] = await server.addToAlbum(album, [winner])
    if (!answer?.success && answer?.error !== 'duplicate')
      throw new Refused(0, `an album does not take the one that stays (${answer?.error})`)
  }
  for (const { from } of first.links) await copy(server, winner, from, { sharedLinks: true })
  if (first.stack) {
    const { id, from, members, joins } = first.stack
    // Once more would make an end of the stack.
    if (joins && !isIn) await copy(server, winner, from, { stack: true })
    if (members[0] === from) await server.putOnTop(id, winner)
  }
  if (first.people.length > 0) await giveFaces(server, await look(), first.people)

  const isSlow = Object.keys(gifts.changes).length + gifts.tags.length > 0
  let again = gifts.tags.length > 0 ? 1 : 0
  const holds = async () => {
    const rest = await left()
    if (rest.tags.length > 0 && again-- > 0) await server.tagAssets(rest.tags, [winner])
    return isNothing(rest) && (isAtRest || !isSlow)
  }
  await until(holds, 1, why)
}

/**
 * What a change says of these goes to the sidecar and is read back by a job of the server's own. The call leaves updatedAt as
 * it answers; the job moves it once, and until then whatever else is done about tags may be undone.
 */
export function isWritten(changes: Changes) {
  const { isFavorite: _, visibility: __, ...written } = changes
  return Object.keys(written).length > 0
}

/** Asks until it is so, so many times in a row. */
export async function until(isSo: () => Promise<boolean>, steady = 1, why?: () => Promise<string>) {
  for (let poll = 0, inRow = 0; ; poll++) {
    inRow = (await isSo()) ? inRow + 1 : 0
    if (inRow >= steady) return
    if (poll >= POLLS)
      throw new Refused(0, `the server does not keep ${why ? await why() : 'what it was given'}`)
    await sleep(POLL_MS)
  }
}

export function whatLacks({ changes, albums, tags, people, links, stack }: Gifts) {
  const names = [
    ...Object.keys(changes),
    ...(albums.length > 0 ? ['albums'] : []),
    ...(tags.length > 0 ? ['tags'] : []),
    ...(people.length > 0 ? ['people'] : []),
    ...(links.length > 0 ? ['shared links'] : []),
    ...(stack ? ['stack'] : []),
  ]
  return names.join(', ') || 'what it was given'
}

/** The same face in a picture of another size. */
export async function giveFaces(server: Immich, { raw, member }: Look, faces: Face[]) {
  const { width = 0, height = 0 } = member
  for (const { person, ...box } of faces)
    await server.createFace({
      assetId: raw.id,
      personId: person,
      imageWidth: width,
      imageHeight: height,
      x: Math.round(box.x * width),
      y: Math.round(box.y * height),
      width: Math.round(box.width * width),
      height: Math.round(box.height * height),
    })
}

/** Only what is named. */
function copy(
  server: Immich,
  target: string,
  source: string,
  what: { sharedLinks?: true; stack?: true },
) {
  const none = { albums: false, favorite: false, sharedLinks: false, stack: false }
  return server.copyTo(target, source, { ...none, ...what })
}

export function gone(): never {
  throw new Refused(0, 'the one that was to stay is gone from the server')
}
