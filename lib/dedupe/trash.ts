import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
} from 'node:fs'
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

export function areOnOneDisk(a: Photo, b: Photo): boolean {
  const [one, other] = [a, b].map(({ unit }) => unit.main.inode.split(':')[0])
  return one === other
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
 * hard link of the one that stays is put in its place, so that no moment is without it. Never writes over anything. What lies on
 * a disk of its own inside the tree goes to a trash there.
 */
export async function giveUp(
  pairs: Pair[],
  root: string,
  run: string,
  why: 'same' | 'links' | 'alike',
): Promise<void> {
  const links = why === 'links'
  const folder = join(root, TRASH, run)
  mkdirSync(dirname(folder), { recursive: true })
  const folders = new Set<string>([dirname(folder)])
  for (const { goes, stays } of pairs) {
    const top = topOfDisk(dirname(goes.path), root)
    const to = join(top, TRASH, run, relative(top, goes.path))
    await mkdir(dirname(to), { recursive: true })
    const other = why === 'alike' ? { alike: stays.path } : { same: stays.path }
    const disk = top === root ? {} : { disk: relative(root, top) }
    const line = {
      from: goes.path,
      to,
      ...other,
      size: goes.size,
      ...(links && { links }),
      ...disk,
    }
    appendFileSync(`${folder}.jsonl`, `${JSON.stringify(line)}\n`)
    if (links) await replaceByLink(goes.path, stays.path, to)
    else if (!(await place(goes.path, to))) throw new Error(`${to} is there already`)
    folders.add(dirname(to)).add(dirname(goes.path))
  }
  await syncFolders(folders, root)
}

/** The highest folder up to `root` that is on one disk with this one: there a file can be moved. */
function topOfDisk(folder: string, root: string): string {
  const { dev } = statSync(folder)
  let top = folder
  while (top !== root && statSync(dirname(top)).dev === dev) top = dirname(top)
  return top
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
  const names = namesIn(join(root, TRASH)).map((name) => name.replace(/\.jsonl$/, ''))
  return [...new Set(names)].sort().filter((run) => filesOf(root, run).length > 0)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
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

/** A file of the trash; `top`: the folder in which that trash lies, of the tree or of a disk inside it. */
export type Trashed = { root: string; top: string; trash: string; to: string }

/** What lies in the trash of a tree from one run, each with the path that it had. */
export function filesOf(root: string, run: string): Trashed[] {
  const tops = new Set([root, ...disksIn(root, run)])
  return [...tops].flatMap((top) => {
    const folder = join(top, TRASH, run)
    if (!existsSync(folder)) return []
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((trash) => ({ root, top, trash, to: join(top, relative(folder, trash)) }))
  })
}

/** Disks inside the tree that have a share of the run, as its list tells. */
function disksIn(root: string, run: string): string[] {
  const list = join(root, TRASH, `${run}.jsonl`)
  if (!existsSync(list)) return []
  const disks = readFileSync(list, 'utf8').split('\n').map(diskOf)
  return disks.flatMap((disk) => (disk === undefined ? [] : [join(root, disk)]))
}

function diskOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as { disk?: string }).disk
  } catch {
    // The last one, torn by a kill before its file had moved.
    return
  }
}

/** Removes a folder and those in it, as far as nothing is left in them. */
export function rmEmpty(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) rmEmpty(join(folder, entry.name))
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}
