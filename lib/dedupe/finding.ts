import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { fill } from '../folders/same.ts'
import type { Entry } from '../folders/walking.ts'
import type { Unit } from '../organize/units.ts'
import { pool } from '../pool.ts'
import type { Member } from './choosing.ts'

/** A photo with all its files, as a member of a group of equals. */
export type Photo = Member & { unit: Unit; root: string }

// Of each end, as much as a disk reads in one go.
const PARTIAL_BYTES = 16_384
const CHUNK_BYTES = 1 << 20
const WORKERS = 4

/**
 * Groups of photos all of whose files have the same bytes, by size, then by both ends, then by the whole. A live photo is one
 * photo: half of it is no duplicate of it. Names of one hard-linked file count once. `tick` is told of the bytes of each file read;
 * `unreadable` of what then takes no part.
 */
export async function findEquals(
  photos: Photo[],
  tick: (bytes: number, path: string) => void,
  unreadable: (path: string, error: unknown) => void,
): Promise<Photo[][]> {
  const bySize = alike(onceEach(photos), ({ unit }) =>
    key(unit.media.map(({ size }) => String(size))),
  )
  const byEnds = await narrowed(bySize, PARTIAL_BYTES)
  const byAll = await narrowed(byEnds, Number.POSITIVE_INFINITY)
  return byAll.map((group) => group.toSorted((a, b) => (a.path < b.path ? -1 : 1)))

  async function narrowed(groups: Photo[][], most: number): Promise<Photo[][]> {
    const hashes = new Map<Entry, string>()
    const bad = new Set<Photo>()
    await pool(groups.flat(), WORKERS, async (photo) => {
      for (const entry of photo.unit.media) {
        try {
          hashes.set(entry, await hashOf(entry, most))
          tick(Math.min(entry.size, 2 * most), entry.path)
        } catch (error) {
          bad.add(photo)
          unreadable(entry.path, error)
        }
      }
    })
    const good = groups.map((group) => group.filter((photo) => !bad.has(photo)))
    return good.flatMap((group) =>
      alike(group, ({ unit }) => key(unit.media.map((entry) => hashes.get(entry) ?? ''))),
    )
  }
}

const key = (parts: string[]) => parts.sort().join(' ')

function alike(photos: Photo[], by: (photo: Photo) => string): Photo[][] {
  return [...Map.groupBy(photos, by).values()].filter((group) => group.length > 1)
}

/** Of names of the same files the first, or the one in a reference folder. */
function onceEach(photos: Photo[]): Photo[] {
  const once = new Map<string, Photo>()
  for (const photo of photos) {
    const inodes = key(photo.unit.media.map(({ inode }) => inode))
    if (!once.has(inodes) || photo.reference) once.set(inodes, photo)
  }
  return [...once.values()]
}

/** SHA-1 of a file, or of both its ends where it is longer than these. */
async function hashOf({ path, size }: Entry, most: number) {
  const hash = createHash('sha1')
  const file = await open(path)
  try {
    const isWhole = size <= 2 * most
    const buffer = Buffer.allocUnsafe(Math.min(isWhole ? CHUNK_BYTES : most, size))
    const starts = isWhole ? undefined : [0, size - most]
    for (let at = 0, n = 0; at < size; n++) {
      const from = starts ? starts[n] : at
      if (from === undefined) break
      const read = await fill(file, buffer, from)
      if (read === 0) throw new Error('it was cut while this ran')
      hash.update(buffer.subarray(0, read))
      at += read
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
