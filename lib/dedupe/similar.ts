import { filesOf } from '../organize/units.ts'
import { mediaKind } from '../pairing/media.ts'
import { distance, groupsAlike, type Looks, looksLike } from '../picture/alike.ts'
import { readFileHead } from '../picture/file-head.ts'
import { previews } from '../picture/previews.ts'
import { pool } from '../pool.ts'
import { doing } from '../spent.ts'
import type { Photo } from './finding.ts'
import { type Alike, seen } from './report.ts'

type Looked = { photo: Photo; looks: Looks }

/**
 * Groups of pictures that look alike, the biggest of each first. HEIC and RAW, which cannot be decoded here, are judged by the previews in them. `unseen`
 * counts those of which nothing can be told; films are no pictures.
 */
export async function findAlike(
  photos: Photo[],
  most: number,
  tick: (path: string) => void,
): Promise<{ groups: Alike[][]; unseen: number }> {
  const looked: Looked[] = []
  const pictures = photos.filter(({ unit }) => mediaKind(unit.main.name) === 'image')
  const inside = previews()
  await pool(pictures, 2, async (photo) => {
    const over = doing('reading')
    const looks = (await looksLike(photo.path)) ?? (await inside.first(photo.path, looksLike))
    if (looks) looked.push({ photo, looks })
    over()
    tick(photo.path)
  })
  const items = looked.map((one) => ({ item: one, looks: one.looks }))
  const groups: Alike[][] = []
  for (const group of groupsAlike(items, most)) groups.push(await described(group, inside))
  await inside.end()
  return { groups, unseen: pictures.length - looked.length }
}

async function described(group: Looked[], inside: ReturnType<typeof previews>): Promise<Alike[]> {
  const sorted = group.toSorted(
    (a, b) => b.photo.size - a.photo.size || (a.photo.path < b.photo.path ? -1 : 1),
  )
  const [first] = sorted as [Looked]
  const all: Alike[] = []
  // One after the other: a group may be all of a folder, and each head is a buffer.
  for (const { photo, looks } of sorted) {
    const { path, size, reference, unit } = photo
    // What vanishes meanwhile is told by what comes after.
    const head = await readFileHead(path, unit.main.name).catch(() => null)
    const { local, offset = '', ...pixels } = head ?? {}
    const { width, height } = pixels.width ? pixels : await inside.size(path)
    all.push({
      ...seen(unit.main),
      size,
      apart: distance(first.looks, looks),
      ...(width && height && { width, height }),
      ...(local && { taken: `${local}${offset}` }),
      ...(reference && { reference }),
      files: filesOf(unit).map(seen),
    })
  }
  return all
}
