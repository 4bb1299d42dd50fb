import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { hex } from '../archive/directory.ts'
import type { Photo, Seen } from '../state/records.ts'
import type { ExportFile, Reading } from './takeout.ts'

/** CRC-32 of a file on disk, 8 hex digits. */
async function crcOf(path: string, read = (_bytes: number) => {}): Promise<string> {
  let crc = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    crc = crc32(chunk, crc)
    read(chunk.length)
  }
  return hex(crc)
}

/** Gives files what was read of them before, so that it is not read again: what a head said, a folder file's CRC-32. */
export function recall(files: ExportFile[], photos: Record<string, Photo>): void {
  const known = new Map<string, { crc: string | null; head?: Seen }>()
  // The same bytes in another export, which brings the whole library again.
  const heads = new Map<string, Seen>()
  const folders = new Set(files.filter(isUnread).map(({ part }) => part))
  for (const { files } of Object.values(photos)) {
    for (const { part, path, size, crc, head } of files) {
      if (head && crc !== null) heads.set(`${crc}-${size}`, head)
      if (head || (crc !== null && folders.has(part)))
        known.set(`${part}:${path}:${size}`, { crc, ...(head && { head }) })
    }
  }
  if (known.size === 0) return
  for (const file of files) {
    const before = known.get(`${file.part}:${file.path}:${file.size}`)
    file.crc ??= before?.crc ?? null
    // Of an archive the CRC-32 tells that it is the same file; of a folder its size has to do.
    if (before?.head && (before.crc ?? file.crc) === file.crc) file.head ??= before.head
    const same = heads.get(`${file.crc}-${file.size}`)
    if (same) file.head ??= same
  }
}

/**
 * Gives a CRC-32 to files of folders (archives list theirs) whose size another file shares, since only those can be
 * copies; all others are never read. `rootOf` gives a folder part's place.
 */
export async function hashEqualSizes(
  files: ExportFile[],
  rootOf: (part: string) => string | undefined,
  reading: Reading = () => {},
): Promise<void> {
  const media = files.filter((file) => !file.json && !file.problem && file.size > 0)
  const unread = media.filter(isUnread)
  if (unread.length === 0) return
  const sizes = new Map<number, number>()
  for (const { size } of media) sizes.set(size, (sizes.get(size) ?? 0) + 1)
  for (const file of unread) {
    const root = rootOf(file.part)
    if (sizes.get(file.size) === 1 || root === undefined) continue
    try {
      file.crc = await crcOf(join(root, file.path), (bytes) => reading(file.path, bytes))
    } catch {
      file.problem = 'unreadable'
    }
  }
}

function isUnread({ crc, json, problem }: ExportFile) {
  return crc === null && !json && !problem
}
