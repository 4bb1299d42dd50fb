import { randomBytes, randomUUID } from 'node:crypto'
import {
  addToAlbum,
  createAlbum,
  listAlbums,
  removeFromAlbum,
  updateAlbum,
} from './immich-albums.ts'
import {
  assetStatistics,
  bulkUploadCheck,
  copyAsset,
  deleteAssets,
  editAsset,
  restoreAssets,
  runJob,
  unedit,
  updateAsset,
  updateAssets,
} from './immich-assets.ts'
import { album, asset, type Call, text } from './immich-call.ts'
import { check, Problem, type Rules } from './immich-check.ts'
import { resolveDuplicates } from './immich-duplicates.ts'
import {
  createStack,
  deleteStacks,
  deleteTag,
  leaveStack,
  stackJson,
  tagAssets,
  untagAssets,
  updateStack,
  upsertTags,
} from './immich-groups.ts'
import { albumJson, assetJson, imageTypesOf, tagJson, videoTypes } from './immich-json.ts'
import { createLink, deleteLink, getLink, listLinks, removeFromLink } from './immich-links.ts'
import { createFace, createPerson, deleteFace, deletePeople, listFaces } from './immich-people.ts'
import {
  bucketRules,
  matching,
  search,
  searchRules,
  statisticsRules,
  timeBucket,
  timeBuckets,
} from './immich-search.ts'

/** Method, path, the permission that the key needs (null: none, undefined: no key either), code, and what it does. */
type Route = [string, string, string | null | undefined, number, (call: Call) => unknown]
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
    ({ db, major }) => ({
      ...features,
      ...db.settings,
      ...(major === 3 && { realtimeTranscoding: false }),
    }),
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
    '/server/storage',
    'server.storage',
    200,
    () => ({
      diskSizeRaw: 2e12,
      diskUseRaw: 1e12,
      diskAvailableRaw: 1e12,
      diskUsagePercentage: 50,
    }),
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
  ['PUT', '/assets/copy', 'asset.copy', 204, copyAsset],
  ['PUT', '/assets', 'asset.update', 204, updateAssets],
  ['PUT', '/assets/:id', 'asset.update', 200, updateAsset],
  ['PUT', '/assets/:id/edits', 'asset.edit.create', 200, editAsset],
  ['DELETE', '/assets/:id/edits', 'asset.edit.delete', 204, unedit],
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
  ['PUT', '/stacks/:id', 'stack.update', 200, updateStack],
  ['DELETE', '/stacks', 'stack.delete', 204, deleteStacks],
  ['DELETE', '/stacks/:id/assets/:assetId', 'stack.update', 204, leaveStack],
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
  ['DELETE', '/tags/:id/assets', 'tag.asset', 200, untagAssets],
  ['POST', '/duplicates/resolve', 'duplicate.delete', 200, resolveDuplicates],
  ['POST', '/people', 'person.create', 201, createPerson],
  ['DELETE', '/people', 'person.delete', 204, deletePeople],
  ['GET', '/faces', 'face.read', 200, listFaces],
  ['POST', '/faces', 'face.create', 201, createFace],
  ['DELETE', '/faces/:id', 'face.delete', 204, deleteFace],
  ['GET', '/shared-links', 'sharedLink.read', 200, listLinks],
  ['GET', '/shared-links/:id', 'sharedLink.read', 200, getLink],
  ['POST', '/shared-links', 'sharedLink.create', 201, createLink],
  ['DELETE', '/shared-links/:id', 'sharedLink.delete', 204, deleteLink],
  ['DELETE', '/shared-links/:id/assets', 'sharedLink.update', 200, removeFromLink],
]

const started = new Date().toISOString()
const features = {
  smartSearch: false,
  facialRecognition: false,
  map: true,
  reverseGeocoding: true,
  importFaces: false,
  sidecar: true,
  search: true,
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
