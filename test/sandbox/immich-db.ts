import { randomUUID } from 'node:crypto'
import { extname } from 'node:path'
import { videoTypes } from './immich-json.ts'

export type Visibility = 'archive' | 'timeline' | 'hidden' | 'locked'
export type Exif = {
  make: string | null
  model: string | null
  exifImageWidth: number | null
  exifImageHeight: number | null
  fileSizeInByte: number | null
  orientation: string | null
  dateTimeOriginal: number | null
  modifyDate: number | null
  timeZone: string | null
  latitude: number | null
  longitude: number | null
  description: string
  rating: number | null
}
/** What a sidecar says, whether uploaded or written by the server after a change. */
export type Sidecar = {
  date?: string
  offset?: string
  latitude?: number
  longitude?: number
  description?: string
  imageDescription?: string
  rating?: number
  tags?: string[]
}
/** Times are ms since 1970. */
export type Asset = {
  id: string
  ownerId: string
  libraryId: string | null
  deviceAssetId: string
  deviceId: string
  type: 'IMAGE' | 'VIDEO'
  originalFileName: string
  /** On our disk; null where only the sum was kept. */
  path: string | null
  /** Hex. */
  checksum: string
  size: number
  createdAt: number
  updatedAt: number
  fileCreatedAt: number
  fileModifiedAt: number
  localDateTime: number
  isFavorite: boolean
  visibility: Visibility
  status: 'active' | 'trashed' | 'deleted'
  deletedAt: number | null
  livePhotoVideoId: string | null
  /** Apple's id of a live photo. */
  contentId?: string
  duplicateId: string | null
  isOffline: boolean
  width: number | null
  height: number | null
  thumbhash: string | null
  exif: Exif
  /** Changed by a call and not yet in the sidecar: extraction leaves these alone. */
  locked: string[]
  sidecar: Sidecar | null
  tagIds: string[]
  stackId: string | null
  /** What was done to it in Immich; of that only the size of a crop is seen. */
  edits: Edit[]
}
type Edit = { action: string; parameters: { width?: number; height?: number } }
export type User = { id: string; email: string; name: string }
export type Album = {
  id: string
  ownerId: string
  albumName: string
  description: string
  createdAt: number
  updatedAt: number
  albumThumbnailAssetId: string | null
  order: 'asc' | 'desc'
  isActivityEnabled: boolean
  users: { userId: string; role: 'editor' | 'viewer' }[]
  assetIds: string[]
}
export type Tag = {
  id: string
  parentId: string | null
  name: string
  value: string
  createdAt: number
  updatedAt: number
}
export type Stack = { id: string; primaryAssetId: string }
export type Person = { id: string; name: string; isHidden: boolean }
/** In pixels of a picture of that width and height. */
export type Face = {
  id: string
  assetId: string
  personId: string
  imageWidth: number
  imageHeight: number
  x: number
  y: number
  width: number
  height: number
}
/** To single assets. */
export type SharedLink = { id: string; key: string; createdAt: number; assetIds: string[] }
export type Db = ReturnType<typeof emptyDb>

/** The stand-in's whole memory. Tests may look at it and change it; after a change by hand call `touch`. */
export function emptyDb() {
  const user: User = { id: randomUUID(), email: 'owner@example.com', name: 'Owner' }
  const db = {
    user,
    users: new Map<string, User>([[user.id, user]]),
    /** Users who share their timeline with the owner. */
    partners: new Set<string>(),
    assets: new Map<string, Asset>(),
    albums: new Map<string, Album>(),
    tags: new Map<string, Tag>(),
    stacks: new Map<string, Stack>(),
    people: new Map<string, Person>(),
    faces: new Map<string, Face>(),
    links: new Map<string, SharedLink>(),
    /** What an administrator has switched on. */
    settings: { trash: true, duplicateDetection: false },
    changes: 0,
    touch(...assets: Asset[]) {
      db.changes++
      for (const asset of assets) asset.updatedAt = Date.now()
    },
    byChecksum(checksum: string, ownerId = user.id) {
      // Rebuilt after changes only: a big upload asks once a file.
      if (sums.changes !== db.assets.size) {
        sums.changes = db.assets.size
        sums.map = new Map()
        for (const asset of db.assets.values()) {
          if (!asset.libraryId) sums.map.set(`${asset.ownerId} ${asset.checksum}`, asset)
        }
      }
      const found = sums.map.get(`${ownerId} ${checksum}`)
      return found && db.assets.has(found.id) ? found : undefined
    },
    /** Takes an asset in, filling what is left out. */
    add(asset: Partial<Asset> & { checksum: string; originalFileName: string }): Asset {
      const now = Date.now()
      const taken = asset.fileCreatedAt ?? now
      const size = asset.size ?? 1
      const made: Asset = {
        id: randomUUID(),
        ownerId: user.id,
        libraryId: null,
        deviceAssetId: 'x',
        deviceId: 'x',
        type: videoTypes.includes(extname(asset.originalFileName).toLowerCase())
          ? 'VIDEO'
          : 'IMAGE',
        path: null,
        size,
        createdAt: now,
        updatedAt: now,
        fileCreatedAt: taken,
        fileModifiedAt: taken,
        localDateTime: taken,
        isFavorite: false,
        visibility: 'timeline',
        status: 'active',
        deletedAt: null,
        livePhotoVideoId: null,
        duplicateId: null,
        isOffline: false,
        width: null,
        height: null,
        thumbhash: null,
        exif: { ...noExif, fileSizeInByte: size },
        locked: [],
        sidecar: null,
        tagIds: [],
        stackId: null,
        edits: [],
        ...asset,
      }
      db.assets.set(made.id, made)
      sums.map.set(`${made.ownerId} ${made.checksum}`, made)
      sums.changes = db.assets.size
      db.changes++
      return made
    },
    /** Gone for good, with all that refers to it. */
    remove(id: string) {
      db.assets.delete(id)
      for (const album of db.albums.values()) {
        album.assetIds = album.assetIds.filter((member) => member !== id)
        if (album.albumThumbnailAssetId === id) album.albumThumbnailAssetId = null
      }
      for (const link of db.links.values())
        link.assetIds = link.assetIds.filter((member) => member !== id)
      for (const face of db.faces.values()) if (face.assetId === id) db.faces.delete(face.id)
      for (const asset of db.assets.values())
        if (asset.livePhotoVideoId === id) asset.livePhotoVideoId = null
      leaveStack(id)
      db.changes++
    },
    upsertTag(value: string): Tag | undefined {
      let parent: Tag | undefined
      const names = value.split('/').filter(Boolean)
      for (const [n, name] of names.entries()) {
        const path = names.slice(0, n + 1).join('/')
        let tag = [...db.tags.values()].find((one) => one.value === path)
        if (!tag) {
          const now = Date.now()
          tag = {
            id: randomUUID(),
            parentId: parent?.id ?? null,
            name,
            value: path,
            createdAt: now,
            updatedAt: now,
          }
          db.tags.set(tag.id, tag)
        }
        parent = tag
      }
      return parent
    },
  }
  // A stack whose top one is gone has another on top; one that is left alone is none.
  function leaveStack(id: string) {
    for (const stack of db.stacks.values()) {
      const rest = [...db.assets.values()].filter(({ stackId }) => stackId === stack.id)
      if (stack.primaryAssetId === id && rest[0]) stack.primaryAssetId = rest[0].id
      if (rest.length > 1) continue
      for (const one of rest) one.stackId = null
      db.stacks.delete(stack.id)
    }
  }
  const sums = { changes: -1, map: new Map<string, Asset>() }
  return db
}

const noExif: Exif = {
  make: null,
  model: null,
  exifImageWidth: null,
  exifImageHeight: null,
  fileSizeInByte: null,
  orientation: null,
  dateTimeOriginal: null,
  modifyDate: null,
  timeZone: null,
  latitude: null,
  longitude: null,
  description: '',
  rating: null,
}
