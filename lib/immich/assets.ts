import type { Asset, Place } from '../state/records.ts'
import type { RawAsset } from './immich.ts'

/** The record of an asset, from what search or GET /assets/:id (with EXIF) answer. */
export function toAsset(raw: RawAsset): Asset {
  const { exifInfo: exif } = raw
  const place = placeOf(raw)
  // What was cropped in Immich is still whole in its file.
  const shown = raw.isEdited ? undefined : raw
  const width = shown?.width ?? exif?.exifImageWidth
  const height = shown?.height ?? exif?.exifImageHeight
  return {
    name: raw.originalFileName,
    sha1: Buffer.from(raw.checksum, 'base64').toString('hex'),
    size: exif?.fileSizeInByte ?? null,
    kind: raw.type === 'IMAGE' ? 'image' : raw.type === 'VIDEO' ? 'video' : 'other',
    taken: raw.fileCreatedAt,
    local: raw.localDateTime,
    ...(exif?.timeZone && { zone: exif.timeZone }),
    ...(width && height && { width, height }),
    visibility: raw.visibility,
    ...(raw.isFavorite && { favorite: true as const }),
    ...(raw.isTrashed && { trashed: true as const }),
    ...(raw.livePhotoVideoId && { live: raw.livePhotoVideoId }),
    ...(place && { place }),
    ...(exif?.description && { description: exif.description }),
    ...(raw.libraryId && { library: raw.libraryId }),
    ...(raw.duplicateId && { duplicate: raw.duplicateId }),
    updated: raw.updatedAt,
  }
}

/** Extraction has run at least once: before that, what the server shows is provisional. */
export function isExtracted(raw: RawAsset): boolean {
  return raw.exifInfo?.modifyDate != null
}

function placeOf({ exifInfo: exif }: RawAsset): Place | undefined {
  if (exif?.latitude == null || exif.longitude == null) return undefined
  if (exif.latitude === 0 && exif.longitude === 0) return undefined
  return [exif.latitude, exif.longitude]
}
