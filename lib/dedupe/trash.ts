import { appendFileSync, existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { link, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { sameBytes } from '../folders/same.ts'
import type { Entry } from '../folders/walking.ts'
import { place, syncFolders } from '../folders/writing.ts'
import { splitName } from '../pairing/media.ts'
import type { Photo } from './finding.ts'

/** Beside the photos, hidden: what went, run by run, under the paths that it had. */
export const TRASH = '.photoferry-trash'

export type Pair = { goes: Entry; stays: Entry }

/**
 * The files of a photo that go, each with the one of the other photo that has its bytes; or why it has to stay: a sidecar
 * that says what the other's does not.
 */
export async function pairsOf(goes: Photo, stays: Photo): Promise<Pair[] | string> {
  const pairs: Pair[] = []
  const left = [...stays.unit.media]
  for (const entry of goes.unit.media) {
    const at = await indexOf(left, (other) => isSame(entry, other))
    if (at < 0) return 'its bytes are no longer the same'
    pairs.push({ goes: entry, stays: left.splice(at, 1)[0] as Entry })
  }
  for (const entry of goes.unit.sidecars) {
    const ending = (one: Entry, { unit }: Photo) =>
      one.name.slice(splitName(unit.main.name).base.length)
    const others = stays.unit.sidecars.filter(
      (other) => ending(other, stays).toLowerCase() === ending(entry, goes).toLowerCase(),
    )
    const at = await indexOf(others, (other) => isSame(entry, other))
    if (at < 0) return 'its sidecar says what the other has not'
    pairs.push({ goes: entry, stays: others[at] as Entry })
  }
  return pairs
}

async function indexOf(entries: Entry[], is: (entry: Entry) => Promise<boolean>) {
  for (const [at, entry] of entries.entries()) if (await is(entry)) return at
  return -1
}

/** Two files, not two names of one, as they were when they were looked at, with the same bytes. */
async function isSame(a: Entry, b: Entry): Promise<boolean> {
  if (a.size !== b.size || a.inode === b.inode) return false
  if (!(await isAsItWas(a)) || !(await isAsItWas(b))) return false
  return sameBytes(a.path, b.path)
}

async function isAsItWas({ path, size, modified }: Entry) {
  const now = await lstat(path).catch(() => null)
  return now?.isFile() === true && now.size === size && now.mtimeMs === modified
}

/**
 * Moves files of a photo into the trash of their tree, each line of what and why kept beside it: `same` bytes, or only `alike`. With `links` a
 * hard link of the one that stays is put in its place, so that no moment is without it. Never writes over anything.
 */
export async function giveUp(
  pairs: Pair[],
  root: string,
  run: string,
  why: 'same' | 'links' | 'alike',
): Promise<void> {
  const links = why === 'links'
  const folder = join(root, TRASH, run)
  mkdirSync(folder, { recursive: true })
  const folders = new Set<string>()
  for (const { goes, stays } of pairs) {
    const to = join(folder, relative(root, goes.path))
    await mkdir(dirname(to), { recursive: true })
    const other = why === 'alike' ? { alike: stays.path } : { same: stays.path }
    const line = { from: goes.path, to, ...other, size: goes.size, ...(links && { links }) }
    appendFileSync(`${folder}.jsonl`, `${JSON.stringify(line)}\n`)
    if (links) await replaceByLink(goes.path, stays.path, to)
    else if (!(await place(goes.path, to))) throw new Error(`${to} is there already`)
    folders.add(dirname(to)).add(dirname(goes.path))
  }
  await syncFolders(folders, root)
}

async function replaceByLink(path: string, stays: string, trash: string) {
  const draft = join(dirname(path), `.${basename(path)}.photoferry-part`)
  await rm(draft, { force: true })
  await link(stays, draft)
  try {
    await link(path, trash)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** The runs whose files lie in the trash of a tree, the oldest first. */
export function runsIn(root: string): string[] {
  try {
    const entries = readdirSync(join(root, TRASH), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/**
 * Puts a file of the trash back under its path. A hard link, or a copy, that has its bytes gives way; of anything else under
 * that name the file stays in the trash: false.
 */
export async function bringBack(path: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true })
  if (await place(path, to)) return true
  if (!(await sameBytes(path, to))) return false
  await rename(path, to)
  return true
}

/** What lies in the trash of a tree from one run, each with the path that it had. */
export function filesOf(root: string, run: string): { root: string; trash: string; to: string }[] {
  const folder = join(root, TRASH, run)
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((trash) => ({ root, trash, to: join(root, relative(folder, trash)) }))
}

/** Removes a folder and those in it, as far as nothing is left in them. */
export function rmEmpty(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) rmEmpty(join(folder, entry.name))
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}
