import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Bytes that are free where a folder is, or will be. */
export async function freeAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(there(path))
  return bavail * bsize
}

/** The folder, or the nearest above it that is there. */
export function there(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : there(dirname(path))
}
