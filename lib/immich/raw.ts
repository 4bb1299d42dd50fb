/** An asset as search and GET /assets/:id give it: the fields that this project reads. */
export type RawAsset = {
  id: string
  ownerId: string
  libraryId?: string | null
  type: 'IMAGE' | 'VIDEO' | 'AUDIO' | 'OTHER'
  originalFileName: string
  originalPath: string
  /** SHA-1 in base64; of the path where `libraryId` is set. */
  checksum: string
  createdAt: string
  fileCreatedAt: string
  fileModifiedAt: string
  localDateTime: string
  updatedAt: string
  isFavorite: boolean
  isTrashed: boolean
  isOffline: boolean
  visibility: Visibility
  livePhotoVideoId?: string | null
  duplicateId?: string | null
  width: number | null
  height: number | null
  thumbhash: string | null
  /** Cropped, turned or mirrored in Immich: width and height are those of what is shown, all else is the original's. */
  isEdited?: boolean
  /** Milliseconds on v3, `0:00:12.345` on v2. */
  duration?: number | string | null
  exifInfo?: RawExif
  /** Only GET /assets/:id has these. */
  tags?: { id: string; value: string }[]
  stack?: { id: string; primaryAssetId: string; assetCount: number } | null
  people?: { id: string; name: string }[]
}
export type RawExif = {
  /** Null until the metadata have been extracted, set ever after. */
  modifyDate: string | null
  dateTimeOriginal: string | null
  timeZone: string | null
  fileSizeInByte: number | null
  latitude: number | null
  longitude: number | null
  description: string | null
  rating: number | null
  exifImageWidth: number | null
  exifImageHeight: number | null
  make: string | null
  model: string | null
  city?: string | null
  country?: string | null
  lensModel?: string | null
}
export type Visibility = 'timeline' | 'archive' | 'hidden' | 'locked'
export type RawAlbum = {
  id: string
  albumName: string
  description: string
  createdAt: string
  updatedAt: string
  /** Without the trashed ones. */
  assetCount: number
  /** Other people or a link can see it. */
  shared: boolean
  hasSharedLink: boolean
  ownerId: string
}
export type Changes = {
  description?: string
  dateTimeOriginal?: string
  latitude?: number
  longitude?: number
  /** v2 clears it by null or 0, v3 by null alone. */
  rating?: number | null
  isFavorite?: boolean
  visibility?: Visibility
  livePhotoVideoId?: string | null
}
export type Known = { action: 'accept' | 'reject'; assetId?: string; isTrashed?: boolean }
