import { type Major, Problem, type Rule, type Rules } from './immich-check.ts'
import type { Asset, Db, Visibility } from './immich-db.ts'
import { assetJson } from './immich-json.ts'

const dates = ['taken', 'created', 'updated', 'trashed'] as const
const bounds = Object.fromEntries(
  dates.flatMap((what) => [
    [`${what}After`, { kind: 'date' } as Rule],
    [`${what}Before`, { kind: 'date' } as Rule],
  ]),
)
const visibility: Rule = { kind: ['archive', 'timeline', 'hidden', 'locked'] }

export const statisticsRules: Rules = {
  ...bounds,
  visibility,
  type: { kind: ['IMAGE', 'VIDEO', 'AUDIO', 'OTHER'] },
  isFavorite: { kind: 'bool' },
  isMotion: { kind: 'bool' },
  isNotInAlbum: { kind: 'bool' },
  isOffline: { kind: 'bool' },
  libraryId: { kind: 'uuid', nullable: true },
  albumIds: { kind: 'uuid', list: true },
  tagIds: { kind: 'uuid', list: true, nullable: true },
  rating: { kind: 'rating', nullable: true },
  description: { kind: 'string' },
}
export const searchRules: Rules = {
  ...statisticsRules,
  size: { kind: 'int', min: 1, max: 1000 },
  page: { kind: 'int', min: 1 },
  order: { kind: ['asc', 'desc'] },
  withExif: { kind: 'bool' },
  withDeleted: { kind: 'bool' },
  withStacked: { kind: 'bool' },
  withPeople: { kind: 'bool' },
  id: { kind: 'uuid' },
  checksum: { kind: 'string' },
  originalFileName: { kind: 'string' },
  originalPath: { kind: 'string' },
}

type Filter = {
  visibility?: Visibility
  size?: number
  page?: number
  order?: 'asc' | 'desc'
  withExif?: boolean
  withDeleted?: boolean
  withStacked?: boolean
  type?: string
  isFavorite?: boolean
  isMotion?: boolean
  isNotInAlbum?: boolean
  isOffline?: boolean
  libraryId?: string | null
  albumIds?: string[]
  tagIds?: string[] | null
  rating?: number | null
  description?: string
  id?: string
  checksum?: string
  originalFileName?: string
  originalPath?: string
} & { [Bound in `${(typeof dates)[number]}${'After' | 'Before'}`]?: number }

/** POST /search/metadata with a flat body. */
export function search(db: Db, major: Major, filter: Filter) {
  const { size = 250, page = 1, order = 'desc', withExif = false } = filter
  const found = matching(db, major, filter)
  // v2 sorts by date alone: where dates are equal, a later page need not go on where the one before ended.
  const ties = major === 2 && page > 1 ? -1 : 1
  found.sort((a, b) => b.fileCreatedAt - a.fileCreatedAt || ties * (a.id < b.id ? 1 : -1))
  if (order === 'asc') found.reverse()
  const items = found.slice((page - 1) * size, page * size)
  const nextPage = found.length > page * size ? String(page + 1) : null
  return {
    albums: { total: 0, count: 0, items: [], facets: [] },
    assets: {
      total: items.length,
      count: items.length,
      items: items.map((asset) => assetJson(db, major, asset, { withExif })),
      facets: [],
      nextPage,
    },
  }
}

export function matching(db: Db, major: Major, filter: Filter): Asset[] {
  const { visibility, albumIds, tagIds } = filter
  if (visibility === 'locked') throw new Problem(401, 'Elevated permission is required')
  const albums = albumIds?.length
    ? new Set(albumIds.flatMap((id) => members(db, major, id)))
    : undefined
  const inAnyAlbum = filter.isNotInAlbum
    ? new Set([...db.albums.values()].flatMap(({ assetIds }) => assetIds))
    : undefined
  const tags = tagIds?.length ? withChildren(db, tagIds) : undefined
  const deletedToo =
    filter.withDeleted ||
    filter.isOffline ||
    filter.trashedAfter !== undefined ||
    filter.trashedBefore !== undefined
  const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const within = (value: number | null, after?: number, before?: number) =>
    (after === undefined || (value !== null && value >= after)) &&
    (before === undefined || (value !== null && value <= before))
  const mine = (asset: Asset) => asset.ownerId === db.user.id || db.partners.has(asset.ownerId)
  const contains = (text: string, part?: string) =>
    part === undefined || plain(text).includes(plain(part))
  return [...db.assets.values()].filter((asset) => {
    if (albums && !albums.has(asset.id)) return false
    if (!(albums && major === 3) && !mine(asset)) return false
    if (visibility ? asset.visibility !== visibility : asset.visibility === 'locked') return false
    if (!visibility && major === 2 && asset.visibility !== 'timeline') return false
    if (!deletedToo && asset.deletedAt !== null) return false
    return (
      within(asset.fileCreatedAt, filter.takenAfter, filter.takenBefore) &&
      within(asset.createdAt, filter.createdAfter, filter.createdBefore) &&
      within(asset.updatedAt, filter.updatedAfter, filter.updatedBefore) &&
      within(asset.deletedAt, filter.trashedAfter, filter.trashedBefore) &&
      (filter.type === undefined || asset.type === filter.type) &&
      (filter.isFavorite === undefined || asset.isFavorite === filter.isFavorite) &&
      (filter.isMotion === undefined || (asset.livePhotoVideoId !== null) === filter.isMotion) &&
      (filter.isOffline === undefined || asset.isOffline === filter.isOffline) &&
      (filter.libraryId === undefined || asset.libraryId === filter.libraryId) &&
      (filter.rating === undefined || asset.exif.rating === filter.rating) &&
      (filter.withStacked !== false || asset.stackId === null) &&
      (filter.id === undefined || asset.id === filter.id) &&
      (filter.checksum === undefined || same(asset.checksum, filter.checksum)) &&
      !inAnyAlbum?.has(asset.id) &&
      (!tags || asset.tagIds.some((id) => tags.has(id))) &&
      (tagIds !== null || asset.tagIds.length === 0) &&
      contains(asset.originalFileName, filter.originalFileName) &&
      contains(asset.path ?? '', filter.originalPath) &&
      contains(asset.exif.description, filter.description)
    )
  })
}

const same = (checksum: string, given: string) =>
  checksum === (given.length === 28 ? Buffer.from(given, 'base64').toString('hex') : given)

function members(db: Db, major: Major, id: string) {
  const album = db.albums.get(id)
  // v2 looks up nothing: an album that is not there has no assets.
  if (!album && major === 3) throw new Problem(400, 'Not found or no album.read access')
  return album?.assetIds ?? []
}

function withChildren(db: Db, ids: string[]) {
  const all = new Set(ids)
  for (const tag of db.tags.values()) {
    for (let up = tag.parentId; up; up = db.tags.get(up)?.parentId ?? null)
      if (all.has(up)) all.add(tag.id)
  }
  return all
}

export const bucketRules: Rules = {
  visibility,
  isTrashed: { kind: 'bool' },
  isFavorite: { kind: 'bool' },
  withStacked: { kind: 'bool' },
  withPartners: { kind: 'bool' },
  albumId: { kind: 'uuid' },
  order: { kind: ['asc', 'desc'] },
}
type Buckets = {
  visibility?: Visibility
  isTrashed?: boolean
  isFavorite?: boolean
  albumId?: string
  order?: 'asc' | 'desc'
}

function bucketAssets(db: Db, { visibility, isTrashed = false, isFavorite, albumId }: Buckets) {
  if (visibility === 'locked') throw new Problem(401, 'Elevated permission is required')
  const members = albumId ? new Set(db.albums.get(albumId)?.assetIds) : undefined
  return [...db.assets.values()].filter(
    (asset) =>
      (members ? members.has(asset.id) : asset.ownerId === db.user.id) &&
      (visibility
        ? asset.visibility === visibility
        : ['timeline', 'archive'].includes(asset.visibility)) &&
      (asset.deletedAt !== null) === isTrashed &&
      (isFavorite === undefined || asset.isFavorite === isFavorite),
  )
}

const monthOf = ({ localDateTime }: Asset) =>
  `${new Date(localDateTime).toISOString().slice(0, 7)}-01`

export function timeBuckets(db: Db, options: Buckets) {
  const counts = new Map<string, number>()
  for (const asset of bucketAssets(db, options))
    counts.set(monthOf(asset), (counts.get(monthOf(asset)) ?? 0) + 1)
  const list = [...counts].map(([timeBucket, count]) => ({ timeBucket, count }))
  list.sort((a, b) => (a.timeBucket < b.timeBucket ? 1 : -1))
  return options.order === 'asc' ? list.reverse() : list
}

export function timeBucket(
  db: Db,
  major: Major,
  { timeBucket, ...options }: Buckets & { timeBucket: string },
) {
  if (Number.isNaN(Date.parse(timeBucket))) throw new Problem(500, 'Failed to get time bucket')
  const assets = bucketAssets(db, options).filter((asset) => monthOf(asset) === timeBucket)
  assets.sort((a, b) => b.fileCreatedAt - a.fileCreatedAt)
  const pg = (ms: number) => new Date(ms).toISOString().slice(0, -1)
  return {
    id: assets.map(({ id }) => id),
    ownerId: assets.map(({ ownerId }) => ownerId),
    visibility: assets.map(({ visibility }) => visibility),
    isFavorite: assets.map(({ isFavorite }) => isFavorite),
    isImage: assets.map(({ type }) => type === 'IMAGE'),
    isTrashed: assets.map(({ deletedAt }) => deletedAt !== null),
    fileCreatedAt: assets.map(({ fileCreatedAt }) => pg(fileCreatedAt)),
    localOffsetHours: assets.map(
      ({ localDateTime, fileCreatedAt }) => (localDateTime - fileCreatedAt) / 3_600_000,
    ),
    ...(major === 3 && { createdAt: assets.map(({ createdAt }) => pg(createdAt)) }),
    ratio: assets.map(({ width, height }) =>
      width && height ? Math.round((width / height) * 1000) / 1000 : 1,
    ),
    livePhotoVideoId: assets.map(({ livePhotoVideoId }) => livePhotoVideoId),
    thumbhash: assets.map(({ thumbhash }) => thumbhash),
    status: assets.map(({ status }) => status),
    duration: assets.map(() => null),
    projectionType: assets.map(() => null),
    city: assets.map(() => null),
    country: assets.map(() => null),
  }
}
