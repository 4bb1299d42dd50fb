import { extname } from 'node:path'
import type { Major } from './immich-check.ts'
import type { Album, Asset, Db, Person, Tag, User } from './immich-db.ts'

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
const pgIso = (ms: number | null) => (ms === null ? null : iso(ms).replace(/\.?0*Z$/, '+00:00'))

/** An asset as the answers have it; `whole` as GET /assets/:id has it. */
export function assetJson(
  db: Db,
  major: Major,
  asset: Asset,
  { withExif = true, whole = false } = {},
) {
  const { exif } = asset
  const crop = asset.edits.find(({ action }) => action === 'crop')?.parameters
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
      stack: stack ? stackOf(db, stack) : null,
    }),
    people: whole ? peopleOf(db, asset) : [],
    ...(whole && major === 2 && { unassignedFaces: [] }),
    checksum: Buffer.from(asset.checksum, 'hex').toString('base64'),
    isOffline: asset.isOffline,
    hasMetadata: true,
    duplicateId: asset.duplicateId,
    resized: true,
    width: crop?.width ?? asset.width,
    height: crop?.height ?? asset.height,
    isEdited: asset.edits.length > 0,
  }
}

function peopleOf(db: Db, asset: Asset) {
  const ids = [...db.faces.values()].filter(({ assetId }) => assetId === asset.id)
  const people = new Set(ids.map(({ personId }) => db.people.get(personId)))
  return [...people].flatMap((person) => (person && !person.isHidden ? personJson(person) : []))
}

export const personJson = ({ id, name, isHidden }: Person) => ({
  id,
  name,
  birthDate: null,
  thumbnailPath: '',
  isHidden,
  isFavorite: false,
})

/** Only what the timeline shows below the top one counts: an archived stack is in the list of stacks alone. */
function stackOf(db: Db, stack: { id: string; primaryAssetId: string }) {
  const below = [...db.assets.values()].filter(
    ({ id, stackId, visibility, deletedAt }) =>
      stackId === stack.id &&
      id !== stack.primaryAssetId &&
      visibility === 'timeline' &&
      deletedAt === null,
  )
  return below.length > 0 ? { ...stack, assetCount: below.length + 1 } : null
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
export function albumJson(
  db: Db,
  major: Major,
  album: Album,
  { withAssets = false, changed = false } = {},
) {
  const all = album.assetIds.flatMap((id) => db.assets.get(id) ?? [])
  const assets = all.filter((asset) => asset.deletedAt === null)
  const taken = assets.map((asset) => asset.localDateTime).sort((a, b) => a - b)
  const owner = userJson(db.users.get(album.ownerId) ?? db.user)
  const others = album.users.map(({ userId, role }) => ({
    user: userJson(db.users.get(userId) ?? db.user),
    role,
  }))
  // The answer to a change gives the instant, that to a reading the day.
  const day = (ms = 0) => (changed ? pgIso(ms) : `${iso(ms).slice(0, 10)}T00:00:00.000Z`)
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
    ...(taken.length && { startDate: day(taken[0]), endDate: day(taken.at(-1)) }),
    ...(major === 2 && {
      assets: withAssets ? assets.map((asset) => assetJson(db, major, asset)) : [],
    }),
    assetCount: assets.length,
    isActivityEnabled: album.isActivityEnabled,
    order: album.order,
    ...(taken.length && !changed && { lastModifiedAssetTimestamp: iso(last) }),
  }
}
