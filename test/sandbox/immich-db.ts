import { randomUUID } from 'node:crypto'
import { extname } from 'node:path'
import type { Major } from './immich-check.ts'

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
}
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
      for (const asset of db.assets.values())
        if (asset.livePhotoVideoId === id) asset.livePhotoVideoId = null
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

// Facts of the servers' own GET /server/media-types; v3 has .mpo besides.
export const videoTypes =
  '.3gp .3gpp .avi .flv .insv .m2t .m2ts .m4v .mkv .mov .mp4 .mpe .mpeg .mpg .mts .mxf .ts .vob .webm .wmv'.split(
    ' ',
  )
const imageTypes =
  '.avif .bmp .gif .jpeg .jpg .png .webp .3fr .ari .arw .cap .cin .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .k25 .kdc .mrw .nef .nrw .orf .ori .pef .psd .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f .heic .heif .hif .insp .jp2 .jpe .jxl .svg .tif .tiff'.split(
    ' ',
  )
export const imageTypesOf = (major: Major) => (major === 3 ? [...imageTypes, '.mpo'] : imageTypes)

const iso = (ms: number) => new Date(ms).toISOString()
// Some columns come through the database's own JSON and look otherwise.
const pgIso = (ms: number | null) => (ms === null ? null : iso(ms).replace('Z', '+00:00'))

/** An asset as the answers have it; `whole` as GET /assets/:id has it. */
export function assetJson(
  db: Db,
  major: Major,
  asset: Asset,
  { withExif = true, whole = false } = {},
) {
  const { exif } = asset
  const stack = asset.stackId ? db.stacks.get(asset.stackId) : undefined
  const owner = db.users.get(asset.ownerId) ?? db.user
  return {
    id: asset.id,
    createdAt: iso(asset.createdAt),
    ...(major === 2 && { deviceAssetId: asset.deviceAssetId, deviceId: asset.deviceId }),
    ownerId: asset.ownerId,
    ...(whole && { owner: userJson(owner) }),
    libraryId: asset.libraryId,
    type: asset.type,
    originalPath:
      asset.path ?? `/data/upload/${asset.ownerId}/${asset.id}${extname(asset.originalFileName)}`,
    originalFileName: asset.originalFileName,
    originalMimeType: mimeType(asset.originalFileName),
    thumbhash: asset.thumbhash,
    fileCreatedAt: iso(asset.fileCreatedAt),
    fileModifiedAt: iso(asset.fileModifiedAt),
    localDateTime: iso(asset.localDateTime),
    updatedAt: iso(asset.updatedAt),
    isFavorite: asset.ownerId === db.user.id && asset.isFavorite,
    isArchived: asset.visibility === 'archive',
    isTrashed: asset.deletedAt !== null,
    visibility: asset.visibility,
    duration: major === 2 ? '0:00:00.00000' : null,
    ...(withExif && {
      exifInfo: {
        ...exif,
        dateTimeOriginal: pgIso(exif.dateTimeOriginal),
        modifyDate: pgIso(exif.modifyDate),
        lensModel: null,
        fNumber: null,
        focalLength: null,
        iso: null,
        exposureTime: null,
        city: null,
        state: null,
        country: null,
        projectionType: null,
      },
    }),
    livePhotoVideoId: asset.livePhotoVideoId,
    ...(whole && {
      tags: asset.tagIds.flatMap((id) => db.tags.get(id) ?? []).map(tagJson),
      stack: stack
        ? {
            ...stack,
            assetCount: [...db.assets.values()].filter(({ stackId }) => stackId === stack.id)
              .length,
          }
        : null,
    }),
    people: [],
    ...(whole && major === 2 && { unassignedFaces: [] }),
    checksum: Buffer.from(asset.checksum, 'hex').toString('base64'),
    isOffline: asset.isOffline,
    hasMetadata: true,
    duplicateId: asset.duplicateId,
    resized: true,
    width: asset.width,
    height: asset.height,
    isEdited: false,
  }
}

export function mimeType(name: string) {
  const kind = extname(name).toLowerCase().slice(1)
  const known: Record<string, string> = {
    jpg: 'image/jpeg',
    jpe: 'image/jpeg',
    mov: 'video/quicktime',
  }
  return known[kind] ?? `${videoTypes.includes(`.${kind}`) ? 'video' : 'image'}/${kind}`
}

const userJson = ({ id, email, name }: User) => ({
  id,
  email,
  name,
  profileImagePath: '',
  avatarColor: 'gray',
  profileChangedAt: '2026-01-01T00:00:00+00:00',
})

export const tagJson = (tag: Tag) => ({
  id: tag.id,
  ...(tag.parentId && { parentId: tag.parentId }),
  name: tag.name,
  value: tag.value,
  createdAt: iso(tag.createdAt),
  updatedAt: iso(tag.updatedAt),
})

/** An album as the answers have it; v2 alone lists its assets, and only of a single album. */
export function albumJson(db: Db, major: Major, album: Album, { withAssets = false } = {}) {
  const all = album.assetIds.flatMap((id) => db.assets.get(id) ?? [])
  const assets = all.filter((asset) => asset.deletedAt === null)
  const taken = assets.map((asset) => asset.localDateTime).sort((a, b) => a - b)
  const owner = userJson(db.users.get(album.ownerId) ?? db.user)
  const others = album.users.map(({ userId, role }) => ({
    user: userJson(db.users.get(userId) ?? db.user),
    role,
  }))
  const last = Math.max(...assets.map(({ updatedAt }) => updatedAt))
  return {
    albumName: album.albumName,
    description: album.description,
    albumThumbnailAssetId: album.albumThumbnailAssetId,
    createdAt: iso(album.createdAt),
    updatedAt: iso(album.updatedAt),
    id: album.id,
    ...(major === 2 && { ownerId: album.ownerId, owner }),
    albumUsers: major === 2 ? others : [{ user: owner, role: 'owner' }, ...others],
    shared: album.users.length > 0,
    hasSharedLink: false,
    ...(taken.length && { startDate: iso(taken[0] ?? 0), endDate: iso(taken.at(-1) ?? 0) }),
    ...(major === 2 && {
      assets: withAssets ? assets.map((asset) => assetJson(db, major, asset)) : [],
    }),
    assetCount: assets.length,
    isActivityEnabled: album.isActivityEnabled,
    order: album.order,
    ...(taken.length && { lastModifiedAssetTimestamp: iso(last) }),
  }
}
