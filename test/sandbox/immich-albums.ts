import { randomUUID } from 'node:crypto'
import { album, type Call, flag, ids, mayRead, text } from './immich-call.ts'
import { check, Problem, type Rules } from './immich-check.ts'
import type { Album } from './immich-db.ts'
import { albumJson } from './immich-json.ts'

export function listAlbums({ db, major, query }: Call) {
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

export function createAlbum({ db, major, body }: Call) {
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
  return albumJson(db, major, made, { withAssets: true, changed: true })
}

export function updateAlbum({ db, major, params, body }: Call) {
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
  return albumJson(db, major, found, { changed: true })
}

export function addToAlbum({ db, major, params, body }: Call) {
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

export function removeFromAlbum({ db, major, params, body }: Call) {
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
