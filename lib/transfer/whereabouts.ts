import { stat } from 'node:fs/promises'
import type { Body } from '../archive/archive.ts'
import type { Part, Photo, PhotoFile, Transfer } from '../state/records.ts'
import { filesLeft } from '../takeout/photo-files.ts'

/** One file to fetch: `file` as the photo lists it, `from` where the bytes are taken, the same or an identical copy. */
export type Wanted = { id: string; file: PhotoFile; from: PhotoFile }

/**
 * Where the files that photos still owe are fetched: each from the part that the index names, or from one that is there
 * and holds the same bytes; a tgz last, since it has to be read through. Gives a list for each part that is needed.
 */
export async function locate(
  parts: Record<string, Part>,
  photos: Record<string, Photo>,
  ids: string[],
  transfers: Record<string, Transfer>,
): Promise<Map<string, Wanted[]>> {
  const there = new Set<string>()
  for (const [id, { path, drive }] of Object.entries(parts))
    if (drive || (await stat(path).catch(() => null))) there.add(id)
  const isTgz = (part: string) => Number(parts[part]?.kind === 'tgz')
  const isFar = (part: string) => Number(parts[part]?.drive !== undefined) * 2
  const cost = ({ part }: PhotoFile) => Number(!there.has(part)) * 4 + isFar(part) + isTgz(part)
  const found = new Map<string, Wanted[]>()
  for (const id of ids) {
    const photo = photos[id] as Photo
    for (const file of filesLeft(photo, transfers[id])) {
      const twins = photo.files.filter(
        ({ crc, size }) => crc !== null && crc === file.crc && size === file.size,
      )
      const from = [file, ...twins].reduce((a, b) => (cost(b) < cost(a) ? b : a))
      const list = found.get(from.part) ?? []
      list.push({ id, file, from })
      found.set(from.part, list)
    }
  }
  // Always in the same order, whatever is left of it.
  const order = new Map(Object.keys(parts).map((id, at) => [id, at]))
  const at = (part: string) => (order.get(part) ?? 0) + isTgz(part) * order.size
  return new Map([...found].sort(([a], [b]) => at(a) - at(b)))
}

export type Group = { id: string; files: { file: PhotoFile; body: Body }[] }

/** The bodies of a part that gives them in any order: photo by photo, as the first file of each lies there. */
export function byPhoto(bodies: Body[], wanted: Wanted[]): Iterable<Group> {
  const byPath = new Map(wanted.map((one) => [one.from.path, one]))
  const groups = new Map<string, Group>()
  for (const body of bodies) {
    const { file, id } = byPath.get(body.path) as Wanted
    const group = groups.get(id) ?? { id, files: [] }
    group.files.push({ file, body })
    groups.set(id, group)
  }
  return groups.values()
}

/** The bodies of a tgz, one file at a time, as they come. */
export async function* asTheyCome(
  bodies: AsyncIterable<Body>,
  wanted: Wanted[],
): AsyncGenerator<Group> {
  const byPath = new Map(wanted.map((one) => [one.from.path, one]))
  for await (const body of bodies) {
    const { file, id } = byPath.get(body.path) as Wanted
    yield { id, files: [{ file, body }] }
  }
}
