import type { Mirrored, Photo } from '../state/records.ts'
import { fileKey } from '../takeout/photo-files.ts'

/**
 * Records whose files the index has read since. In an unpacked export it reads the bytes of a file only where another has
 * its size: until then its place is its key, and from then on its bytes are.
 */
export function* rekeyed({
  photos,
  mirrored,
}: {
  photos: Readonly<Record<string, Photo>>
  mirrored: Readonly<Record<string, Mirrored>>
}): Generator<[id: string, Mirrored]> {
  for (const [id, record] of Object.entries(mirrored)) {
    if (!record.files?.some(({ bytes }) => bytes !== undefined)) continue
    const now = new Set(photos[id]?.files.map(fileKey))
    const keys = new Map(
      record.files.flatMap(({ key, bytes }) =>
        bytes !== undefined && now.has(bytes) ? [[key, bytes]] : [],
      ),
    )
    if (keys.size === 0) continue
    const files = record.files.map(({ bytes, ...file }) => {
      const key = keys.get(file.key)
      return key === undefined ? { ...file, ...(bytes && { bytes }) } : { ...file, key }
    })
    const main = keys.get(record.main ?? '') ?? record.main
    yield [id, { ...record, files, ...(main && { main }) }]
  }
}
