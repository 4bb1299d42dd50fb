import { randomBytes, randomUUID } from 'node:crypto'
import { check, type Major, Problem, type Rule, type Rules } from './immich-check.ts'
import {
  type Album,
  type Asset,
  albumJson,
  assetJson,
  type Db,
  imageTypesOf,
  tagJson,
  videoTypes,
} from './immich-db.ts'
import {
  bucketRules,
  matching,
  search,
  searchRules,
  statisticsRules,
  timeBucket,
  timeBuckets,
} from './immich-search.ts'
import { checkVideo, hex, hide } from './immich-upload.ts'

/** The jobs that run behind a call. */
export type Jobs = {
  extract(asset: Asset): void
  writeSidecar(asset: Asset): void
  destroy(asset: Asset): void
}
export type ApiKey = { id: string; name: string; permissions: string[] }
/** By their secrets. */
export type Keys = Map<string, ApiKey>
export type Call = {
  db: Db
  major: Major
  jobs: Jobs
  keys: Keys
  apiKey: ApiKey | undefined
  version: { major: number; minor: number; patch: number }
  params: string[]
  query: Record<string, string>
  body: unknown
}
/** Method, path, the permission that the key needs (null: none, undefined: no key either), code, and what it does. */
type Route = [string, string, string | null | undefined, number, (call: Call) => unknown]

const text: Rule = { kind: 'string' }
const flag: Rule = { kind: 'bool' }
const ids: Rules = { ids: { kind: 'uuid', list: true, required: true } }
const visibility: Rule = { kind: ['archive', 'timeline', 'hidden', 'locked'] }

/** The calls that this project makes, as the real server answers them. Upload and the two downloads are apart. */
export const routes: Route[] = [
  ['GET', '/server/ping', undefined, 200, () => ({ res: 'pong' })],
  [
    'GET',
    '/server/version',
    undefined,
    200,
    ({ version, major }) => (major === 3 ? { ...version, prerelease: null } : version),
  ],
  [
    'GET',
    '/server/features',
    undefined,
    200,
    ({ major }) => ({ ...features, ...(major === 3 && { realtimeTranscoding: false }) }),
  ],
  [
    'GET',
    '/server/config',
    undefined,
    200,
    ({ major }) => ({ ...config, ...(major === 3 && { minFaces: 3 }) }),
  ],
  [
    'GET',
    '/server/media-types',
    undefined,
    200,
    ({ major }) => ({ video: videoTypes, image: imageTypesOf(major), sidecar: ['.xmp'] }),
  ],
  [
    'GET',
    '/server/about',
    'server.about',
    200,
    ({ version: { major, minor, patch } }) => ({
      version: `v${major}.${minor}.${patch}`,
      licensed: false,
    }),
  ],
  [
    'GET',
    '/api-keys/me',
    null,
    200,
    ({ apiKey }) => ({ ...apiKey, createdAt: started, updatedAt: started }),
  ],
  [
    'GET',
    '/users/me',
    'user.read',
    200,
    ({ db }) => ({
      ...db.user,
      isAdmin: true,
      quotaSizeInBytes: null,
      quotaUsageInBytes: 0,
      storageLabel: null,
      status: 'active',
    }),
  ],
  ['POST', '/api-keys', 'apiKey.create', 201, createKey],
  ['DELETE', '/api-keys/:id', 'apiKey.delete', 204, deleteKey],
  [
    'POST',
    '/search/metadata',
    'asset.read',
    200,
    ({ db, major, body }) => search(db, major, check(major, searchRules, body, 'json')),
  ],
  [
    'POST',
    '/search/statistics',
    'asset.statistics',
    200,
    ({ db, major, body }) => ({
      total: matching(db, major, check(major, statisticsRules, body, 'json')).length,
    }),
  ],
  [
    'GET',
    '/timeline/buckets',
    'asset.read',
    200,
    ({ db, major, query }) => timeBuckets(db, check(major, bucketRules, query, 'text')),
  ],
  [
    'GET',
    '/timeline/bucket',
    'asset.read',
    200,
    ({ db, major, query }) =>
      timeBucket(
        db,
        major,
        check(
          major,
          { ...bucketRules, timeBucket: { ...text, required: true } },
          query,
          'text',
        ) as never,
      ),
  ],
  [
    'GET',
    '/assets/statistics',
    'asset.statistics',
    200,
    ({ db, major, query }) => assetStatistics(db, check(major, bucketRules, query, 'text')),
  ],
  ['POST', '/assets/bulk-upload-check', 'asset.upload', 200, bulkUploadCheck],
  [
    'GET',
    '/assets/:id',
    'asset.read',
    200,
    ({ db, major, params }) => assetJson(db, major, asset(db, params[0], 'read'), { whole: true }),
  ],
  ['PUT', '/assets/:id', 'asset.update', 200, updateAsset],
  ['DELETE', '/assets', 'asset.delete', 204, deleteAssets],
  ['POST', '/trash/restore/assets', 'asset.delete', 200, restoreAssets],
  ['POST', '/assets/jobs', 'job.create', 204, runJob],
  ['GET', '/albums', 'album.read', 200, listAlbums],
  ['POST', '/albums', 'album.create', 201, createAlbum],
  [
    'GET',
    '/albums/:id',
    'album.read',
    200,
    ({ db, major, params, query }) =>
      albumJson(db, major, album(db, params[0], 'album.read'), {
        withAssets: query.withoutAssets !== 'true',
      }),
  ],
  ['PATCH', '/albums/:id', 'album.update', 200, updateAlbum],
  [
    'DELETE',
    '/albums/:id',
    'album.delete',
    204,
    ({ db, params }) => void db.albums.delete(album(db, params[0], 'album.delete').id),
  ],
  ['PUT', '/albums/:id/assets', 'albumAsset.create', 200, addToAlbum],
  ['DELETE', '/albums/:id/assets', 'albumAsset.delete', 200, removeFromAlbum],
  [
    'GET',
    '/stacks',
    'stack.read',
    200,
    ({ db, major, query }) =>
      [...db.stacks.values()]
        .filter(
          ({ primaryAssetId }) => !query.primaryAssetId || query.primaryAssetId === primaryAssetId,
        )
        .map(({ id }) => stackJson(db, major, id)),
  ],
  ['POST', '/stacks', 'stack.create', 201, createStack],
  [
    'GET',
    '/stacks/:id',
    'stack.read',
    200,
    ({ db, major, params }) => stackJson(db, major, params[0] ?? ''),
  ],
  ['DELETE', '/stacks', 'stack.delete', 204, deleteStacks],
  [
    'GET',
    '/tags',
    'tag.read',
    200,
    ({ db }) => [...db.tags.values()].sort((a, b) => (a.value < b.value ? -1 : 1)).map(tagJson),
  ],
  ['PUT', '/tags', 'tag.create', 200, upsertTags],
  ['DELETE', '/tags/:id', 'tag.delete', 204, deleteTag],
  ['PUT', '/tags/assets', 'tag.asset', 200, tagAssets],
]

const started = new Date().toISOString()
const features = {
  smartSearch: false,
  facialRecognition: false,
  duplicateDetection: false,
  map: true,
  reverseGeocoding: true,
  importFaces: false,
  sidecar: true,
  search: true,
  trash: true,
  oauth: false,
  oauthAutoLaunch: false,
  ocr: false,
  passwordLogin: true,
  configFile: false,
  email: false,
}
const config = {
  loginPageMessage: '',
  trashDays: 30,
  userDeleteDelay: 7,
  oauthButtonText: 'Login with OAuth',
  isInitialized: true,
  isOnboarded: true,
  externalDomain: '',
  publicUsers: true,
  mapDarkStyleUrl: '',
  mapLightStyleUrl: '',
  maintenanceMode: false,
}

function createKey({ major, keys, apiKey, body }: Call) {
  const rules: Rules = {
    name: text,
    permissions: { ...text, list: true, required: true, least: 1 },
  }
  const given: { name?: string; permissions: string[] } = check(major, rules, body, 'json')
  const own = apiKey?.permissions ?? []
  if (!own.includes('all') && !given.permissions.every((name) => own.includes(name))) {
    throw new Problem(400, 'Cannot grant permissions you do not have')
  }
  const made = { id: randomUUID(), name: given.name ?? 'API Key', permissions: given.permissions }
  const secret = randomBytes(32).toString('base64url')
  keys.set(secret, made)
  return { secret, apiKey: { ...made, createdAt: started, updatedAt: started } }
}

function deleteKey({ keys, params }: Call) {
  for (const [secret, { id }] of keys) if (id === params[0]) return void keys.delete(secret)
  throw new Problem(400, 'API Key not found')
}

/** An own asset, or for reading one that the owner may see; any other id is refused alike. */
export function asset(
  db: Db,
  id: string | undefined,
  action: 'read' | 'update' | 'delete' | 'download' | 'view',
) {
  const found = db.assets.get(id ?? '')
  const seen =
    found &&
    (found.ownerId === db.user.id ||
      (/read|download|view/.test(action) &&
        (db.partners.has(found.ownerId) || shared(db, found.id))))
  if (!found || !seen || found.visibility === 'locked')
    throw new Problem(400, `Not found or no asset.${action} access`)
  return found
}
const shared = (db: Db, id: string) =>
  [...db.albums.values()].some((one) => one.assetIds.includes(id) && mayRead(db, one))
const mayRead = (db: Db, { ownerId, users }: Album) =>
  ownerId === db.user.id || users.some(({ userId }) => userId === db.user.id)

function album(db: Db, id: string | undefined, permission: string) {
  const found = db.albums.get(id ?? '')
  const own = found?.ownerId === db.user.id
  const allowed = found && (own || (mayRead(db, found) && !/update|delete/.test(permission)))
  if (!allowed) throw new Problem(400, `Not found or no ${permission} access`)
  return found
}

function assetStatistics(
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

function bulkUploadCheck({ db, major, body }: Call) {
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
function updateAsset({ db, major, jobs, params, body }: Call) {
  const rules: Rules = {
    description: text,
    dateTimeOriginal: text,
    latitude: { kind: 'number', min: -90, max: 90 },
    longitude: { kind: 'number', min: -180, max: 180 },
    rating: { kind: 'rating', nullable: true },
    isFavorite: flag,
    visibility,
    livePhotoVideoId: { kind: 'uuid', nullable: true },
  }
  const changes = check(major, rules, body, 'json') as Changes
  const { latitude, longitude, dateTimeOriginal, livePhotoVideoId } = changes
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
  db.touch(found)
  if (found.locked.length) jobs.writeSidecar(found)
  return assetJson(db, major, found, { whole: true })
}

/** The date as the call gave it, for the sidecar: its offset is not in the database. */
export const written = new WeakMap<Asset, string>()

function deleteAssets({ db, major, jobs, body }: Call) {
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

function restoreAssets({ db, major, body }: Call) {
  const given = check(major, ids, body, 'json') as { ids: string[] }
  for (const found of given.ids.map((id) => asset(db, id, 'delete'))) {
    if (found.status !== 'trashed') continue
    Object.assign(found, { deletedAt: null, status: 'active' })
    db.touch(found)
  }
  return { count: given.ids.length }
}

function runJob({ db, major, jobs, body }: Call) {
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

function listAlbums({ db, major, query }: Call) {
  const rules: Rules = {
    assetId: { kind: 'uuid' },
    ...(major === 2
      ? { shared: flag }
      : { isOwned: flag, isShared: flag, name: text, id: { kind: 'uuid' } }),
  }
  const filter = check(major, rules, query, 'text') as {
    assetId?: string
    shared?: boolean
    isOwned?: boolean
    isShared?: boolean
    name?: string
    id?: string
  }
  const found = [...db.albums.values()].filter((one) => {
    const own = one.ownerId === db.user.id
    const others = one.users.length > 0
    if (!mayRead(db, one)) return false
    if (filter.assetId) return one.assetIds.includes(filter.assetId)
    if (major === 2)
      return filter.shared === undefined ? own : filter.shared ? others : own && !others
    return (
      (filter.isOwned === undefined || own === filter.isOwned) &&
      (filter.isShared === undefined || others === filter.isShared) &&
      (filter.name === undefined || one.albumName === filter.name) &&
      (filter.id === undefined || one.id === filter.id)
    )
  })
  return found.sort((a, b) => b.createdAt - a.createdAt).map((one) => albumJson(db, major, one))
}

function createAlbum({ db, major, body }: Call) {
  const rules: Rules = {
    albumName: { ...text, required: true },
    description: text,
    assetIds: { kind: 'uuid', list: true },
  }
  const given = check(major, rules, body, 'json') as {
    albumName: string
    description?: string
    assetIds?: string[]
  }
  const assetIds = [...new Set(given.assetIds)].filter(
    (id) => db.assets.get(id)?.ownerId === db.user.id,
  )
  const now = Date.now()
  const made: Album = {
    id: randomUUID(),
    ownerId: db.user.id,
    albumName: given.albumName,
    description: given.description ?? '',
    createdAt: now,
    updatedAt: now,
    albumThumbnailAssetId: assetIds[0] ?? null,
    order: 'desc',
    isActivityEnabled: true,
    users: [],
    assetIds,
  }
  db.albums.set(made.id, made)
  db.touch()
  return albumJson(db, major, made, { withAssets: true })
}

function updateAlbum({ db, major, params, body }: Call) {
  const rules: Rules = {
    albumName: text,
    description: text,
    albumThumbnailAssetId: { kind: 'uuid' },
    isActivityEnabled: flag,
    order: { kind: ['asc', 'desc'] },
  }
  const changes = check(major, rules, body, 'json') as Partial<Album>
  const found = album(db, params[0], 'album.update')
  if (changes.albumThumbnailAssetId && !found.assetIds.includes(changes.albumThumbnailAssetId)) {
    throw new Problem(400, 'Invalid album thumbnail')
  }
  Object.assign(found, changes, { updatedAt: Date.now() })
  return albumJson(db, major, found)
}

function addToAlbum({ db, major, params, body }: Call) {
  const given = check(major, ids, body, 'json') as { ids: string[] }
  const found = db.albums.get(params[0] ?? '')
  if (!found) throw new Problem(400, 'Album not found')
  const role = found.users.find(({ userId }) => userId === db.user.id)?.role
  if (found.ownerId !== db.user.id && role !== 'editor')
    throw new Problem(400, 'Not found or no albumAsset.create access')
  const members = new Set(found.assetIds)
  const results = given.ids.map((id) => {
    if (members.has(id)) return { id, success: false, error: 'duplicate' }
    if (db.assets.get(id)?.ownerId !== db.user.id)
      return { id, success: false, error: 'no_permission' }
    members.add(id)
    return { id, success: true }
  })
  if (members.size > found.assetIds.length) {
    found.assetIds = [...members]
    found.albumThumbnailAssetId ??= found.assetIds[0] ?? null
    found.updatedAt = Date.now()
    db.touch()
  }
  return results
}

function removeFromAlbum({ db, major, params, body }: Call) {
  const given = check(major, ids, body, 'json') as { ids: string[] }
  const found = album(db, params[0], 'albumAsset.delete')
  const members = new Set(found.assetIds)
  const results = given.ids.map((id) =>
    members.delete(id) ? { id, success: true } : { id, success: false, error: 'not_found' },
  )
  found.assetIds = [...members]
  if (!members.has(found.albumThumbnailAssetId ?? ''))
    found.albumThumbnailAssetId = found.assetIds[0] ?? null
  found.updatedAt = Date.now()
  db.touch()
  return results
}

function stackJson(db: Db, major: Major, id: string) {
  const stack = db.stacks.get(id)
  if (!stack) throw new Problem(400, 'Not found or no stack.read access')
  const assets = [...db.assets.values()].filter(
    ({ stackId, deletedAt }) => stackId === id && deletedAt === null,
  )
  assets.sort(
    (a, b) => Number(b.id === stack.primaryAssetId) - Number(a.id === stack.primaryAssetId),
  )
  return { ...stack, assets: assets.map((one) => assetJson(db, major, one)) }
}

function createStack({ db, major, body }: Call) {
  const rules: Rules = { assetIds: { kind: 'uuid', list: true, required: true, least: 2 } }
  const { assetIds } = check(major, rules, body, 'json') as { assetIds: string[] }
  const found = assetIds.map((id) => asset(db, id, 'update'))
  const id = randomUUID()
  db.stacks.set(id, { id, primaryAssetId: assetIds[0] ?? '' })
  for (const one of found) {
    const old = [...db.stacks.values()].find(
      (stack) => stack.id === one.stackId && stack.primaryAssetId === one.id,
    )
    if (old) {
      // A stack whose top one is taken comes whole.
      for (const member of db.assets.values()) if (member.stackId === old.id) member.stackId = id
      db.stacks.delete(old.id)
    }
    one.stackId = id
  }
  db.touch(...found)
  return stackJson(db, major, id)
}

function deleteStacks({ db, major, body }: Call) {
  const given = check(major, ids, body, 'json') as { ids: string[] }
  for (const id of given.ids)
    if (!db.stacks.has(id)) throw new Problem(400, 'Not found or no stack.delete access')
  for (const id of given.ids) {
    db.stacks.delete(id)
    for (const one of db.assets.values()) if (one.stackId === id) one.stackId = null
  }
  db.touch()
}

function upsertTags({ db, major, body }: Call) {
  const { tags } = check(
    major,
    { tags: { ...text, list: true, required: true } },
    body,
    'json',
  ) as { tags: string[] }
  if (major === 2 && tags.includes(''))
    throw new Problem(400, ['each value in tags should not be empty'])
  return tags.flatMap((value) => db.upsertTag(value) ?? []).map(tagJson)
}

function deleteTag({ db, params }: Call) {
  const root = params[0] ?? ''
  if (!db.tags.has(root)) throw new Problem(400, 'Not found or no tag.delete access')
  const gone = new Set([root])
  for (const tag of db.tags.values()) if (gone.has(tag.parentId ?? '')) gone.add(tag.id)
  for (const id of gone) db.tags.delete(id)
  for (const one of db.assets.values()) one.tagIds = one.tagIds.filter((id) => !gone.has(id))
  db.touch()
}

function tagAssets({ db, major, jobs, body }: Call) {
  const rules: Rules = {
    tagIds: { kind: 'uuid', list: true, required: true },
    assetIds: { kind: 'uuid', list: true, required: true },
  }
  const given = check(major, rules, body, 'json') as { tagIds: string[]; assetIds: string[] }
  const tagIds = given.tagIds.filter((id) => db.tags.has(id))
  let count = 0
  for (const id of given.assetIds) {
    const found = db.assets.get(id)
    if (!found || found.ownerId !== db.user.id || tagIds.length === 0) continue
    const before = found.tagIds.length
    found.tagIds = [...new Set([...found.tagIds, ...tagIds])]
    count += found.tagIds.length - before
    found.locked = [...new Set([...found.locked, 'tags'])]
    db.touch(found)
    jobs.writeSidecar(found)
  }
  return { count }
}
