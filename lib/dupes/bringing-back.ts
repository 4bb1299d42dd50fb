import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { isExtracted } from '../immich/assets.ts'
import { type Changes, type Immich, type RawAsset, Refused } from '../immich/immich.ts'
import { xmp } from '../picture/xmp.ts'
import { damageOf, factsOf } from './backup.ts'
import { dateText } from './gifts.ts'
import { giveFaces, until } from './giving.ts'
import { assetOrNone, type LinksOf, type Look, lookAt, sharedLinksOf } from './looking.ts'
import type { Backup, Steps } from './steps.ts'
import { takeBack } from './taking-back.ts'

/**
 * Brings the losers of a group back, out of the trash where they are there still, else from their copies; then the winner
 * gets back what it was before, where it still holds what it was given. Each step is yielded before the next begins; called
 * again with the last one, it goes on from there. Throws Refused where one cannot be brought back.
 */
export async function* bringBack(server: Immich, key: string, steps: Steps): AsyncGenerator<Steps> {
  const { winner, losers, folder = '', backedUp = {}, gave } = steps
  let restoredAs = steps.restoredAs ?? {}
  for (const id of losers) {
    const there = await assetOrNone(server, restoredAs[id] ?? id)
    if (there?.isTrashed) await server.restore([there.id])
    if (there) continue
    const as = await uploadAgain(server, folder, id, backedUp[id])
    restoredAs = { ...restoredAs, [id]: as }
    yield { ...steps, restoredAs }
  }
  const idOf = (id: string) => restoredAs[id] ?? id
  const all = () => Promise.all(losers.map((id) => assetOrNone(server, idOf(id))))
  await until(async () => (await all()).every((one) => one && !one.isTrashed))
  // What the server cannot read it never has read.
  if (Object.keys(restoredAs).length > 0)
    await until(async () => (await all()).every((one) => one && isExtracted(one))).catch(() => {})
  const isShared = Object.keys(restoredAs).length + (gave?.links.length ?? 0) > 0
  const links: LinksOf = isShared ? await sharedLinksOf(server) : new Map()
  for (const id of Object.keys(restoredAs)) {
    await putBack(server, folder, id, restoredAs)
    await shareAgain(server, folder, id, { as: idOf(id), winner, links })
  }
  const look = await lookAt(server, winner, links)
  if (look && steps.before && gave)
    await takeBack(server, look, { before: steps.before, gave, idOf })
  if (look) await sameGroup(server, key, [winner, ...losers.map(idOf)])
  yield { ...steps, restoredAs, restored: new Date().toISOString() }
}

/** From its copy, with its fields, its time and its motion half; answers its id, which is a new one. */
async function uploadAgain(server: Immich, folder: string, id: string, backup: Backup | undefined) {
  if (!backup) throw new Refused(0, 'it was never backed up, and is gone from the server')
  const damage = await damageOf(folder, backup)
  if (damage) throw new Refused(0, damage)
  const { raw, member } = await factsOf(folder, id)
  const dates = { fileCreatedAt: raw.fileCreatedAt, fileModifiedAt: raw.fileModifiedAt }
  const { motion } = backup
  const half =
    motion &&
    (await server.upload({
      name: motion.name,
      size: motion.size,
      sha1: motion.sha1,
      body: () => createReadStream(join(folder, motion.file)),
      fields: { fileCreatedAt: motion.fileCreatedAt, fileModifiedAt: motion.fileModifiedAt },
    }))
  const { taken, zone, place, description, rating, tags } = member
  const { id: as } = await server.upload({
    name: raw.originalFileName,
    size: backup.size,
    sha1: backup.sha1,
    body: () => createReadStream(join(folder, backup.file)),
    sidecar: xmp({
      // Without a zone it is what the file says, or its day of upload: both come again by themselves.
      ...(taken && zone && { instant: dateText(taken, zone) }),
      // A server takes the zone of the place, unless an offset is said apart.
      ...(taken && zone && isOffset(zone) && { offset: offsetText(taken, zone) }),
      ...(place && { place }),
      ...(description && { description }),
      ...(rating && rating > 0 && { rating }),
      ...(tags && { tags }),
    }),
    fields: {
      ...dates,
      ...(raw.isFavorite && { isFavorite: true }),
      ...(raw.visibility === 'archive' && { visibility: 'archive' as const }),
      ...(half && { livePhotoVideoId: half.id }),
    },
  })
  // It was there already, under another id.
  const there = await server.asset(as)
  if (there.isTrashed) await server.restore([as])
  const changes = unlike(raw, there)
  if (Object.keys(changes).length > 0) await server.updateAsset(as, changes)
  return as
}

function unlike(was: RawAsset, is: RawAsset): Changes {
  return {
    ...(was.isFavorite !== is.isFavorite && { isFavorite: was.isFavorite }),
    ...(was.visibility !== is.visibility && { visibility: was.visibility }),
  }
}

/** What belonged to an asset that had to be uploaded: albums, people, shared links, its stack. */
async function putBack(server: Immich, folder: string, id: string, as: Record<string, string>) {
  const asset = as[id] as string
  const was = await factsOf(folder, id)
  const is = (await lookAt(server, asset, new Map())) as Look
  const albums = (was.member.albums ?? []).filter((one) => !is.member.albums?.includes(one))
  const known = new Set((await server.albums()).map((album) => album.id))
  for (const album of albums) if (known.has(album)) await server.addToAlbum(album, [asset])
  const people = new Set(is.faces.map(({ person }) => person))
  await giveFaces(
    server,
    is,
    was.faces.filter(({ person }) => !people.has(person)),
  )
  if (!was.stack || is.stack) return
  const members = was.stack.members.map((one) => as[one] ?? one)
  const there: string[] = []
  for (const one of members) if (await assetOrNone(server, one)) there.push(one)
  if (there.length > 1) await server.createStack(there)
}

/** A link takes an asset from one that is in it: the winner, which got there by the loser. */
async function shareAgain(
  server: Immich,
  folder: string,
  id: string,
  { as, winner, links }: { as: string; winner: string; links: LinksOf },
) {
  const was = (await factsOf(folder, id)).links
  const shared = links.get(winner) ?? []
  if (!was.some((link) => shared.includes(link) && !links.get(as)?.includes(link))) return
  await server.copyTo(as, winner, { albums: false, favorite: false, stack: false })
  for (const link of shared) if (!was.includes(link)) await server.leaveLink(link, [as])
}

/** Where they are of no group now, they are of theirs again. */
async function sameGroup(server: Immich, key: string, ids: string[]) {
  const group = key.split('~')[0] as string
  if (!/^[0-9a-f-]{36}$/.test(group)) return
  const all = await Promise.all(ids.map((id) => assetOrNone(server, id)))
  const left = all.filter((one) => one && !one.duplicateId).map((one) => (one as RawAsset).id)
  if (left.length > 0) await server.setDuplicate(left, group)
}

const isOffset = (zone: string) => /^UTC([+-]\d|$)/.test(zone)

function offsetText(taken: string, zone: string) {
  const text = dateText(taken, zone)
  return text.endsWith('Z') ? '+00:00' : text.slice(-6)
}
