import type { Call } from './immich-call.ts'
import { check, Problem, type Rules } from './immich-check.ts'
import type { Asset, Db } from './immich-db.ts'

type Group = { duplicateId: string; keepAssetIds: string[]; trashAssetIds: string[] }

/** Merges into the one that is kept (v2: into each), and trashes the rest: one answer for each group. */
export function resolveDuplicates(call: Call) {
  const { db, major, body } = call
  const { groups } = check(
    major,
    { groups: { kind: 'any', list: true, required: true } },
    body,
    'json',
  ) as { groups: unknown[] }
  const ids = { kind: 'uuid', list: true, required: true } as const
  const rules: Rules = {
    duplicateId: { kind: 'any', required: true },
    keepAssetIds: ids,
    trashAssetIds: ids,
  }
  const given = groups.map((one) => check(major, rules, one, 'json') as Group)
  const own = (id: string) =>
    [...db.assets.values()].filter(
      ({ duplicateId, ownerId }) => duplicateId === id && ownerId === db.user.id,
    )
  for (const { duplicateId } of given)
    if (own(duplicateId).length === 0)
      throw new Problem(400, 'Not found or no duplicate.delete access')
  return given.map((group) => resolveOne(call, group, own(group.duplicateId).filter(isShown)))
}

const isShown = ({ deletedAt, visibility, stackId }: Asset) =>
  deletedAt === null && stackId === null && ['timeline', 'archive'].includes(visibility)

function resolveOne({ db, major, jobs }: Call, group: Group, members: Asset[]) {
  const { duplicateId: id, keepAssetIds, trashAssetIds } = group
  const refused = (errorMessage: string) => ({
    id,
    success: false,
    error: 'validation',
    errorMessage,
  })
  for (const { id: member } of members) {
    const [keep, trash] = [keepAssetIds.includes(member), trashAssetIds.includes(member)]
    if (keep && trash) return refused('An asset cannot be in both keepAssetIds and trashAssetIds')
    if (!keep && !trash)
      return refused('Every asset must be in either keepAssetIds or trashAssetIds')
  }
  const kept = members.filter((one) => keepAssetIds.includes(one.id))
  const gone = members.filter((one) => trashAssetIds.includes(one.id))
  if (gone.length > 0 && (kept.length === 1 || major === 2))
    for (const one of kept) {
      merge(db, one, members)
      if (one.locked.length > 0) jobs.writeSidecar(one)
    }
  for (const one of members) one.duplicateId = null
  for (const one of gone) Object.assign(one, { deletedAt: Date.now(), status: 'trashed' })
  db.touch(...members)
  return { id, success: true }
}

function merge(db: Db, into: Asset, members: Asset[]) {
  const { exif } = into
  const lock = (...names: string[]) => {
    into.locked = [...new Set([...into.locked, ...names])]
  }
  into.isFavorite = members.some(({ isFavorite }) => isFavorite)
  if (members.some(({ visibility }) => visibility === 'archive')) into.visibility = 'archive'
  const rating = Math.max(...members.map((one) => one.exif.rating ?? 0))
  if (rating > 0) {
    exif.rating = rating
    lock('rating')
  }
  const lines = members.flatMap((one) => one.exif.description.split('\n'))
  const text = [...new Set(lines.map((line) => line.trim()).filter(Boolean))].join('\n')
  if (text) {
    exif.description = text
    lock('description')
  }
  const places = members.filter((one) => one.exif.latitude !== null)
  const { latitude = null, longitude = null } = places[0]?.exif ?? {}
  if (
    places.length > 0 &&
    places.every((one) => one.exif.latitude === latitude && one.exif.longitude === longitude)
  ) {
    Object.assign(exif, { latitude, longitude })
    lock('latitude', 'longitude')
  }
  const tags = new Set(members.flatMap(({ tagIds }) => tagIds))
  if (tags.size > 0) {
    into.tagIds = [...tags]
    lock('tags')
  }
  for (const album of db.albums.values())
    if (members.some(({ id }) => album.assetIds.includes(id)) && !album.assetIds.includes(into.id))
      album.assetIds = [...album.assetIds, into.id]
}
