import { open, rename } from 'node:fs/promises'
import type { ExifTool } from 'exiftool-vendored'
import { mediaKind } from '../pairing/media.ts'
import { distance, groupsAlike, type Looks, looksLike } from '../picture/alike.ts'
import { pool } from '../pool.ts'
import { doing } from '../spent.ts'
import type { Photo } from './finding.ts'

type Seen = { photo: Photo; looks: Looks }
/** Pictures that look alike, the biggest first; `apart`: bits that differ from the first. */
export type Alike = { path: string; size: number; modified: string; apart: number }[]

/**
 * Groups of pictures that look alike. HEIC and RAW, which cannot be decoded here, are judged by the previews in them. `unseen`
 * counts those of which nothing can be told; films are no pictures.
 */
export async function findAlike(
  photos: Photo[],
  most: number,
  tick: () => void,
): Promise<{ groups: Alike[]; unseen: number }> {
  const seen: Seen[] = []
  const pictures = photos.filter(({ unit }) => mediaKind(unit.main.name) === 'image')
  const previews = previewsByExiftool()
  await pool(pictures, 2, async (photo) => {
    const over = doing('reading')
    const looks = (await looksLike(photo.path)) ?? (await previews.looks(photo.path))
    if (looks) seen.push({ photo, looks })
    over()
    tick()
  })
  await previews.end()
  const items = seen.map((one) => ({ item: one, looks: one.looks }))
  const groups = groupsAlike(items, most).map(inOrder)
  return { groups, unseen: pictures.length - seen.length }
}

function inOrder(group: Seen[]): Alike {
  const sorted = group.toSorted(
    (a, b) => b.photo.size - a.photo.size || (a.photo.path < b.photo.path ? -1 : 1),
  )
  const [first] = sorted as [Seen]
  return sorted.map(({ photo: { path, size, modified }, looks }) => ({
    path,
    size,
    modified: new Date(modified).toISOString(),
    apart: distance(first.looks, looks),
  }))
}

// The largest first; a HEIC of an iPhone has none of them that is a JPEG.
const PREVIEWS = ['JpgFromRaw', 'PreviewImage', 'OtherImage', 'ThumbnailImage']
const OWN_PREVIEW =
  /\.(hei[cf]|avif|dng|cr[23]|nef|nrw|arw|sr[2fw]|pef|erf|kdc|3fr|iiq|raf|rw2|orf)$/i

function previewsByExiftool() {
  let exiftool: ExifTool | undefined
  return {
    async looks(path: string): Promise<Looks | null> {
      if (!OWN_PREVIEW.test(path) || path.includes('\n')) return null
      const { ExifTool } = await import('exiftool-vendored')
      exiftool ??= new ExifTool({ maxProcs: 1 })
      for (const tag of PREVIEWS) {
        const bytes = await exiftool.extractBinaryTagToBuffer(tag as never, path).catch(() => null)
        const looks = bytes && (await looksLike(bytes))
        if (looks) return looks
      }
      return null
    },
    end: async () => exiftool?.end(),
  }
}

/** Writes the report whole or not at all. */
export async function writeReport(file: string, report: unknown): Promise<void> {
  const draft = `${file}.new`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(report, null, 1)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
}
