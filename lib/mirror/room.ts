import { access, constants, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { freeAt, there } from '../folders/free.ts'
import { plainPath } from '../folders/named.ts'
import { size } from '../progress.ts'
import { dataFolder, Fail, hint } from '../stage.ts'
import type { Part } from '../state/records.ts'

/** Where the library is, as a whole path: LIBRARY, else where it was `last`. */
export const libraryFolder = (last: string | undefined) =>
  process.env.LIBRARY
    ? plainPath(process.env.LIBRARY)
    : (last ?? plainPath(`${dataFolder}/library`))

/** A path as people write it: from here, where it is below. */
export const asTyped = (path: string) => {
  const near = relative('', path)
  return near.startsWith('..') ? path : near
}

/** Whether the disk of a folder takes symbolic links. */
export async function takesLinks(path: string): Promise<boolean> {
  const probe = join(there(path), `.photoferry-link-${process.pid}`)
  try {
    await symlink('photoferry', probe)
    await rm(probe)
    return true
  } catch {
    return false
  }
}

/** Makes the library's folder. Throws what the disk says where nothing can be written into it. */
export async function writable(root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  await access(root, constants.W_OK)
}

/** Throws Fail where that many bytes do not fit; else gives what is free. */
export async function roomFor(bytes: number, root: string): Promise<number> {
  const free = await freeAt(root)
  if (free < bytes)
    throw new Fail(
      `Cannot mirror ${size(bytes)}: ${asTyped(root)} has ${size(free)} free: make room, name another disk with LIBRARY=, or take a part with --dates or --albums`,
    )
  return free
}

/** Throws Fail where the library would lie in an unpacked export, which the next index would find it in. */
export function outside(parts: Readonly<Record<string, Part>>, root: string): void {
  const around = Object.values(parts).find(
    ({ kind, path }) => kind === 'folder' && `${root}${sep}`.startsWith(`${path}${sep}`),
  )
  if (around)
    throw new Fail(
      `Cannot mirror into ${root}: it lies inside the unpacked Takeout ${around.path}: name a folder beside that by LIBRARY`,
    )
}

/**
 * Throws Fail where the library is not where it was filled before: a disk that is not mounted leaves an empty folder, and
 * another one would get what is new alone.
 */
export async function sameLibrary(root: string, last: string | undefined, photos: number) {
  if (photos === 0) return
  const again = hint('mirror', '--resync')
  if (last !== undefined && last !== root)
    throw new Fail(
      `Cannot mirror into ${root}: the ${photos} photos of this state lie in ${last}: leave LIBRARY out; or move them there, or not, and ${again} writes what is not there`,
    )
  const names = await readdir(root).catch(() => [])
  if (names.length > 0) return
  throw new Fail(
    `Cannot mirror into ${root}: it is empty, and ${photos} photos were written there: bring that disk back, or name where they are now by LIBRARY; ${again} then writes what is not there`,
  )
}
