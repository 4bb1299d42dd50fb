import { asset, type Call, flag, ids, text, visibility } from './immich-call.ts'
import { check, Problem, type Rules } from './immich-check.ts'
import type { Asset, Db } from './immich-db.ts'
import { assetJson } from './immich-json.ts'
import { checkVideo, hex, hide } from './immich-upload.ts'

export function assetStatistics(
  db: Db,
  {
    visibility,
    isTrashed = false,
    isFavorite,
  }: { visibility?: string; isTrashed?: boolean; isFavorite?: boolean },
) {
  const found = [...db.assets.values()].filter(
    (one) =>
      one.ownerId === db.user.id &&
      (visibility
        ? one.visibility === visibility
        : ['timeline', 'archive'].includes(one.visibility)) &&
      (one.deletedAt !== null) === isTrashed &&
      (isFavorite === undefined || one.isFavorite === isFavorite),
  )
  const images = found.filter(({ type }) => type === 'IMAGE').length
  return { images, videos: found.length - images, total: found.length }
}

export function bulkUploadCheck({ db, major, body }: Call) {
  const { assets } = check(
    major,
    { assets: { kind: 'any', list: true, required: true } },
    body,
    'json',
  ) as { assets: unknown[] }
  if (assets.length === 0 || assets.length > 65_533)
    throw new Problem(500, 'Failed to check bulk upload')
  const rules: Rules = { id: { ...text, required: true }, checksum: { ...text, required: true } }
  const results = assets.map((given) => {
    const { id, checksum } = check(major, rules, given, 'json') as { id: string; checksum: string }
    const known = db.byChecksum(hex(checksum) ?? '')
    if (!known) return { id, action: 'accept' }
    return {
      id,
      action: 'reject',
      reason: 'duplicate',
      assetId: known.id,
      isTrashed: known.deletedAt !== null,
    }
  })
  return { results }
}

type Changes = {
  description?: string
  dateTimeOriginal?: string
  latitude?: number
  longitude?: number
  rating?: number | null
  isFavorite?: boolean
  visibility?: Asset['visibility']
  livePhotoVideoId?: string | null
}
const changeRules: Rules = {
  description: text,
  dateTimeOriginal: text,
  latitude: { kind: 'number', min: -90, max: 90 },
  longitude: { kind: 'number', min: -180, max: 180 },
  rating: { kind: 'rating', nullable: true },
  isFavorite: flag,
  visibility,
}

export function updateAsset({ db, major, jobs, params, body }: Call) {
  const rules: Rules = { ...changeRules, livePhotoVideoId: { kind: 'uuid', nullable: true } }
  const changes = check(major, rules, body, 'json') as Changes
  const { livePhotoVideoId } = changes
  checkChanges(major, changes)
  const found = asset(db, params[0], 'update')
  if (livePhotoVideoId) {
    const video = db.assets.get(livePhotoVideoId)
    checkVideo(video)
    if (video) hide(db, video)
  } else if (livePhotoVideoId === null && found.livePhotoVideoId) {
    const video = db.assets.get(found.livePhotoVideoId)
    if (video) video.visibility = found.visibility
  }
  if (livePhotoVideoId !== undefined) found.livePhotoVideoId = livePhotoVideoId
  change(found, changes)
  // What goes to the sidecar moves it when that is read back.
  const { isFavorite, visibility } = changes
  if ([isFavorite, visibility, livePhotoVideoId].some((one) => one !== undefined)) db.touch(found)
  else db.touch()
  if (found.locked.length) jobs.writeSidecar(found)
  return assetJson(db, major, found, { whole: true })
}

export function editAsset({ db, major, params, body }: Call) {
  const rules: Rules = { edits: { kind: 'any', list: true, required: true, least: 1 } }
  const { edits } = check(major, rules, body, 'json') as Pick<Asset, 'edits'>
  const found = asset(db, params[0], 'update')
  found.edits = edits
  db.touch(found)
  return { assetId: found.id, edits }
}

export function unedit({ db, params }: Call) {
  const found = asset(db, params[0], 'update')
  found.edits = []
  db.touch(found)
}

/** The same for many; the sidecar of each is written anew, whatever was changed. */
export function updateAssets({ db, major, jobs, body }: Call) {
  const rules: Rules = { ...ids, ...changeRules, duplicateId: { kind: 'any', nullable: true } }
  const { duplicateId, ...changes } = check(major, rules, body, 'json') as Changes & {
    ids: string[]
    duplicateId?: string | null
  }
  checkChanges(major, changes)
  const found = changes.ids.map((id) => asset(db, id, 'update'))
  for (const one of found) {
    change(one, changes)
    if (duplicateId !== undefined) one.duplicateId = duplicateId
    db.touch(one)
    jobs.writeSidecar(one)
  }
}

function checkChanges(major: Call['major'], { latitude, longitude, dateTimeOriginal }: Changes) {
  if ((latitude === undefined) !== (longitude === undefined)) {
    const missing = latitude === undefined ? 'latitude' : 'longitude'
    const v3 = [
      { path: [], message: 'Latitude and longitude must be provided together', code: 'custom' },
    ]
    if (major === 3) throw new Problem(400, 'Validation failed', v3)
    throw new Problem(400, [
      `${missing} should not be empty`,
      `${missing} must be a ${missing} string or number`,
    ])
  }
  if (dateTimeOriginal !== undefined && Number.isNaN(Date.parse(dateTimeOriginal))) {
    if (major === 3) throw new Problem(500, 'Failed to update asset')
    throw new Problem(400, ['dateTimeOriginal must be a valid ISO 8601 date string'])
  }
}

function change(found: Asset, changes: Changes) {
  const { latitude, longitude, dateTimeOriginal } = changes
  if (changes.isFavorite !== undefined) found.isFavorite = changes.isFavorite
  if (changes.visibility) found.visibility = changes.visibility
  const lock = (...names: (keyof Asset['exif'])[]) => {
    found.locked = [...new Set([...found.locked, ...names])]
  }
  if (changes.description !== undefined) {
    found.exif.description = changes.description
    lock('description')
  }
  if (latitude !== undefined && longitude !== undefined) {
    Object.assign(found.exif, { latitude, longitude })
    lock('latitude', 'longitude')
  }
  if (dateTimeOriginal !== undefined) {
    found.exif.dateTimeOriginal = Date.parse(
      /(Z|[+-]\d\d:\d\d)$/.test(dateTimeOriginal) ? dateTimeOriginal : `${dateTimeOriginal}Z`,
    )
    written.set(found, dateTimeOriginal)
    lock('dateTimeOriginal', 'timeZone')
  }
  if (changes.rating !== undefined) {
    found.exif.rating = changes.rating || null
    lock('rating')
  }
}

/** The date as the call gave it, for the sidecar: its offset is not in the database. */
export const written = new WeakMap<Asset, string>()

export function deleteAssets({ db, major, jobs, body }: Call) {
  const given = check(major, { ...ids, force: flag }, body, 'json') as {
    ids: string[]
    force?: boolean
  }
  for (const found of given.ids.map((id) => asset(db, id, 'delete'))) {
    found.deletedAt ??= Date.now()
    found.status = given.force ? 'deleted' : 'trashed'
    db.touch(found)
    if (given.force) jobs.destroy(found)
  }
}

/** Albums, shared links, favourite and stack of one asset given to another; what its sidecar says stays where it is. */
export function copyAsset({ db, major, body }: Call) {
  const rules: Rules = {
    sourceId: { kind: 'uuid', required: true },
    targetId: { kind: 'uuid', required: true },
    albums: flag,
    sharedLinks: flag,
    favorite: flag,
    stack: flag,
    sidecar: flag,
  }
  const given = check(major, rules, body, 'json') as {
    sourceId: string
    targetId: string
    albums?: boolean
    sharedLinks?: boolean
    favorite?: boolean
    stack?: boolean
  }
  const source = asset(db, given.sourceId, 'copy')
  const target = asset(db, given.targetId, 'copy')
  if (source === target) throw new Problem(400, 'Source and target id must be distinct')
  const groups = [
    ...(given.albums === false ? [] : db.albums.values()),
    ...(given.sharedLinks === false ? [] : db.links.values()),
  ]
  for (const group of groups) {
    if (!group.assetIds.includes(source.id) || group.assetIds.includes(target.id)) continue
    group.assetIds = [...group.assetIds, target.id]
    if ('updatedAt' in group) group.updatedAt = Date.now()
  }
  if (given.favorite !== false) target.isFavorite = source.isFavorite
  if (given.stack !== false && source.stackId) {
    const { stackId } = source
    // Where both are in one stack, that one is merged into itself and deleted.
    const into = target.stackId === stackId ? null : target.stackId
    if (!target.stackId) target.stackId = stackId
    else {
      for (const one of db.assets.values()) if (one.stackId === stackId) one.stackId = into
      db.stacks.delete(stackId)
    }
  }
  db.touch(target)
}

export function restoreAssets({ db, major, body }: Call) {
  const given = check(major, ids, body, 'json') as { ids: string[] }
  for (const found of given.ids.map((id) => asset(db, id, 'delete'))) {
    if (found.status !== 'trashed') continue
    Object.assign(found, { deletedAt: null, status: 'active' })
    db.touch(found)
  }
  return { count: given.ids.length }
}

export function runJob({ db, major, jobs, body }: Call) {
  const names = ['refresh-faces', 'refresh-metadata', 'regenerate-thumbnail', 'transcode-video']
  const rules: Rules = {
    assetIds: { kind: 'uuid', list: true, required: true },
    name: { kind: names, required: true },
  }
  const { assetIds, name } = check(major, rules, body, 'json') as {
    assetIds: string[]
    name: string
  }
  const found = assetIds.map((id) => asset(db, id, 'update'))
  if (name === 'refresh-metadata') for (const one of found) jobs.extract(one)
}
