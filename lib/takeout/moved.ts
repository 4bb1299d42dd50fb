import { stat } from 'node:fs/promises'
import type { Part, Photo } from '../state/records.ts'
import { innerPath } from './export.ts'
import type { ExportFile } from './takeout.ts'

/**
 * A folder's id comes from its place. Of one that is not known: the id of a folder that is gone and held the same files,
 * most of them, by name and size; else its own.
 */
export async function idOfFolder(
  id: string,
  files: ExportFile[],
  parts: Record<string, Part>,
  photos: Record<string, Photo>,
): Promise<string> {
  if (parts[id]) return id
  const here = new Set(files.map(({ path, size }) => `${innerPath(path)}\0${size}`))
  for (const [other, { kind, path }] of Object.entries(parts)) {
    if (kind !== 'folder' || (await stat(path).catch(() => null))) continue
    const held = Object.values(photos).flatMap(({ files }) =>
      files.filter(({ part }) => part === other),
    )
    const still = held.filter(({ path, size }) => here.has(`${innerPath(path)}\0${size}`))
    if (held.length > 0 && still.length >= held.length * 0.9) return other
  }
  return id
}
