import { splitName } from '../pairing/media.ts'
import type { Photo } from '../state/records.ts'

/**
 * Puts picked photos, older and new, among those of the archives. A picked one whose original a Takeout has brought (name
 * without extension, second, and size in pixels where that is known) gives way to it, by `replacedBy`.
 */
export function joinPicked(photos: Record<string, Photo>, picked: Record<string, Photo>): void {
  if (Object.keys(picked).length === 0) return
  const originals = Map.groupBy(Object.keys(photos), (id) => likeness(photos[id] as Photo))
  for (const [id, photo] of Object.entries(picked)) {
    const { replacedBy: _, ...plain } = photo
    const alike = photo.taken === null ? [] : (originals.get(likeness(photo)) ?? [])
    const same = alike.filter((other) => pixelsAgree(photo, photos[other] as Photo))
    // Of two that fit none is it.
    photos[id] = same.length === 1 ? { ...plain, replacedBy: same[0] as string } : plain
  }
}

function likeness({ title, kind, taken }: Photo) {
  return `${kind} ${taken} ${splitName(title.normalize('NFC').toLowerCase()).base}`
}

function pixelsAgree({ picked, kind }: Photo, original: Photo) {
  const head = original.files[0]?.head
  // Films come in another size.
  if (kind === 'video' || !picked?.width || !picked.height || !head?.width || !head.height)
    return true
  const pixels = (a: number, b: number) => [a, b].sort((x, y) => x - y).join('x')
  return pixels(picked.width, picked.height) === pixels(head.width, head.height)
}
