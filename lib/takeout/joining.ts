import { createHash } from 'node:crypto'
import { push } from '../pairing/folder.ts'
import { splitName } from '../pairing/media.ts'
import type { Photo } from '../state/records.ts'
import type { Media } from './exported.ts'

/**
 * Which media are one photo: equal bytes, one link of Google's page within one export, or part of the other (edited copy,
 * motion half). Each group by one of its media.
 */
export function joinMedia(media: Media[]): Map<Media, Media[]> {
  const originals = new Map<string, Media>()
  const parts = new Map<string, Media>()
  const links = new Map<string, Media>()
  const more = new Map<string, Media[]>()
  for (const one of media) {
    if (one.of) {
      join(one, one.of)
      // Two photos that share an edited copy stay two: only a copy that lies elsewhere without its original comes to them.
      if (!parts.has(keyOf(one))) parts.set(keyOf(one), one)
      continue
    }
    const key = keyOf(one)
    const same = originals.get(key)
    if (same) join(one, same)
    else originals.set(key, one)
    const url = one.sidecar?.json.facts.url
    if (!url || !one.pair.certain || one.pair.role !== 'original') continue
    // The link is per photo, so a re-encoded copy of an album has it, too; a still and its own video never share it.
    const first = links.get(url)
    if (!first) links.set(url, one)
    else {
      const linked = [first, ...(more.get(url) ?? [])].find((other) => isAlike(one, other))
      if (linked) join(one, linked)
      else push(more, url, one)
    }
  }
  for (const one of parts.size > 0 ? media : []) {
    const other = one.of ? undefined : parts.get(keyOf(one))
    if (other) join(one, other)
  }
  return Map.groupBy(media, headOf)
}

/**
 * The id of each group: an older one where a record of the state is the same photo, by the bytes of its original, then by
 * those of a copy, then by its link; else CRC-32 and size of the original, so that a new export gives the same.
 */
export function idsOf(
  groups: Map<Media, Media[]>,
  mainOf: (group: Media[]) => Media,
  old: Record<string, Photo>,
): Map<Media, string> {
  const [byMain, byCopy, byUrl] = [
    new Map<string, Known>(),
    new Map<string, Known>(),
    new Map<string, Known>(),
  ]
  for (const [n, [id, { url, files }]] of Object.entries(old).entries()) {
    for (const [at, file] of files.entries()) {
      if (at > 0 && file.role !== 'copy') continue
      const known = at === 0 ? byMain : byCopy
      note(known, bytesKey(file), { id, age: n })
      // A folder's file may get its CRC-32 only now.
      if (file.crc === null) note(known, placeKey(file), { id, age: n })
    }
    if (url) note(byUrl, url, { id, age: n })
  }
  const ids = new Map<Media, string>()
  const given = new Set<string>()
  const give = (head: Media, id: string) => {
    if (given.has(id)) return
    ids.set(head, id)
    given.add(id)
  }
  for (const known of [byMain, byCopy, byUrl]) {
    if (known.size === 0) continue
    for (const [head, group] of groups) {
      if (ids.has(head)) continue
      const older = group
        .flatMap((one) => (one.of ? [] : keysOf(one, known === byUrl)))
        .flatMap((key) => known.get(key) ?? [])
        .sort((a, b) => a.age - b.age)
      for (const { id } of older) if (!ids.has(head)) give(head, id)
    }
  }
  for (const [head, group] of groups) {
    if (ids.has(head)) continue
    const id = keyOf(mainOf(group))
    give(head, id)
    // Somebody else has that id of old: two photos were one once.
    for (let n = 2; !ids.has(head); n++) give(head, `${id}-${n}`)
  }
  return ids
}

/** `age`: its place among the records, the oldest first. */
type Known = { id: string; age: number }

function note(known: Map<string, Known>, key: string, one: Known) {
  if (!known.has(key)) known.set(key, one)
}

function keysOf(one: Media, byUrl: boolean) {
  const { file, pair, sidecar } = one
  if (!byUrl) return [keyOf(one), placeKey(file)]
  const url = pair.certain && sidecar?.json.facts.url
  return url ? [url] : []
}

type Bytes = { part: string; path: string; size: number; crc: string | null }

/** CRC-32 and size; of a folder's file that was never read (its size is the only one of its kind) its place instead. */
export function bytesKey(file: Bytes): string {
  if (file.crc !== null) return `${file.crc}-${file.size}`
  const place = createHash('sha1').update(`${file.part}\0${file.path}`).digest('hex')
  return `x${place.slice(0, 8)}-${file.size}`
}

/** The same of a file of an export. */
export function keyOf(one: Media): string {
  one.key ??= bytesKey(one.file)
  return one.key
}

const placeKey = ({ part, path, size }: Bytes) => `${part}\0${path}\0${size}`

function isAlike(one: Media, other: Media) {
  return one.export === other.export && format(one.name) === format(other.name)
}

/** A picture, a RAW of it and a video are never sizes of each other. */
export function format(name: string) {
  const extension = splitName(name).extension.slice(1).toLowerCase()
  if (/^(mp4|mov|m4v|3gp|avi|mkv|webm|mpe?g|mts|m2ts|wmv|mp|mv)$/.test(extension)) return 'video'
  return /^(dng|cr[23w]|nef|nrw|arw|sr[2fw]|raf|orf|rw[2l]|pef)$/.test(extension) ? 'raw' : 'image'
}

export function headOf(one: Media): Media {
  let head = one
  while (head.head) head = head.head
  if (head !== one) one.head = head
  return head
}

export function join(one: Media, other: Media) {
  const [a, b] = [headOf(one), headOf(other)]
  if (a !== b) a.head = b
}
