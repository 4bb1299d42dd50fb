import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { sidecarOf } from '../folders/metadata.ts'
import { holds } from '../folders/writing.ts'
import { pool } from '../pool.ts'
import { count, number, progress } from '../progress.ts'
import { say } from '../stage.ts'
import type { Mirrored } from '../state/records.ts'
import type { Lost } from './plan.ts'

/** What of the library is not as it was put there. `changed` by its owner: left alone; `bare`: photos without their sidecar. */
export type Looked = {
  photos: number
  lost: Lost
  bare: Set<string>
  missing: number
  damaged: number
  changed: number
}

/**
 * Looks after every file on disk: what is missing, and what is damaged: empty, or other than it was put there though its time
 * says that nobody wrote it. With `checksum` all bytes are read.
 */
export async function lookAround(
  root: string,
  mirrored: Record<string, Mirrored>,
  { checksum = false, quiet = false }: { checksum?: boolean; quiet?: boolean } = {},
): Promise<Looked> {
  const photos = Object.entries(mirrored).filter(([, { files }]) => files)
  const none = { missing: 0, damaged: 0, changed: 0 }
  const found: Looked = { photos: photos.length, lost: new Map(), bare: new Set(), ...none }
  const all = photos.flatMap(([, { files = [] }]) => files)
  const totalBytes = checksum ? all.reduce((sum, { size }) => sum + size, 0) : 0
  const shown = progress(all.length, 'files looked after', { quiet, totalBytes })
  await pool(photos, 8, async ([id, { files = [], at }]) => {
    for (const { path, size, sha1, key, sidecar } of files) {
      shown.tick({ sent: checksum ? size : 0, now: path })
      const file = join(root, path)
      const there = await lstat(file).catch(() => null)
      if (there && sidecar && !(await lstat(sidecarOf(file)).catch(() => null))) found.bare.add(id)
      if (there?.size === size && (!checksum || (await holds(file, { size, sha1 })))) continue
      // What was written after we had put it there is its owner's work; ours has the time of the picture.
      if (there && there.size > 0 && +there.mtime >= Date.parse(at)) {
        found.changed++
        continue
      }
      if (there) found.damaged++
      else found.missing++
      found.lost.set(id, (found.lost.get(id) ?? new Set()).add(key))
    }
  })
  shown.end()
  return found
}

export function tellLooked({ photos, missing, damaged, changed }: Looked): void {
  say(
    `${count(photos, 'photo')} looked after: ${count(missing, 'file')} missing, ${number(damaged)} damaged, ${number(changed)} changed by their owner (left alone)`,
  )
}
