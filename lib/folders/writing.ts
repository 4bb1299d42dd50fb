import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  unlink,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { doing } from '../spent.ts'

/** What a file is called that is being written; one that a kill left is written anew, or swept away. */
export const PART_ENDING = '.photoferry-part'

export const partName = (name: string) => `.${name}${PART_ENDING}`

/** A whole file that has no name yet: on disk, as `partName` beside where it goes. */
export type Draft = { path: string; size: number; sha1: string }

/**
 * Writes a file under its partName in `folder`, which is made; hashed on the way, its bytes on disk when this resolves.
 * `modified` (UTC seconds) is its time. A draft of that name from a run that was killed is written over. Throws what
 * the disk or the chunks throw, and leaves nothing.
 */
export async function draft(
  folder: string,
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { modified }: { modified?: number } = {},
): Promise<Draft> {
  const path = join(folder, partName(name))
  const hash = createHash('sha1')
  let size = 0
  const file = await openIn(folder, path)
  try {
    for await (const chunk of chunks) {
      hash.update(chunk)
      size += chunk.length
      await file.writeFile(chunk).finally(doing('writing'))
    }
    await setTime(file, modified)
    await file.sync().finally(doing('writing'))
  } catch (error) {
    await file.close().catch(() => {})
    await rm(path, { force: true }).catch(() => {})
    // Of a full disk Node does not say where.
    if ((error as NodeJS.ErrnoException).syscall) (error as NodeJS.ErrnoException).path ??= folder
    throw error
  }
  await file.close()
  return { path, size, sha1: hash.digest('hex') }
}

/** What another program wrote at `path`, on disk and with its time. */
export async function written(path: string, modified?: number): Promise<Draft> {
  const file = await open(path, 'r+')
  try {
    await setTime(file, modified)
    await file.sync()
  } finally {
    await file.close()
  }
  const found = await lookAt(path)
  if (!found) throw new Error(`${path} is gone`)
  return { path, ...found }
}

async function setTime(file: FileHandle, modified: number | undefined) {
  if (modified === undefined) return
  // As a date: of a number below zero Node makes today.
  const time = new Date(modified * 1000)
  // A time that a file system cannot hold is no reason to go without the file.
  await file.utimes(time, time).catch(() => {})
}

/** The folder is made where it is not there yet, which is seldom. */
async function openIn(folder: string, path: string) {
  try {
    return await open(path, 'w')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(folder, { recursive: true })
    return open(path, 'w')
  }
}

/** Throws the draft away. */
export const drop = ({ path }: Draft) => rm(path, { force: true })

/**
 * Gives a file its name. Never over another: false where one of that name is there (and the file stays what it was). Its
 * folder still has to be synced.
 */
export async function place(path: string, target: string): Promise<boolean> {
  try {
    // A second name and no more the first: what rename() does not do without writing over what is there.
    await link(path, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return isOneFile(path, target)
    // Some disks of other systems have no links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(code ?? ''))
      throw error
    if (await lstat(target).catch(() => null)) return false
    await rename(path, target)
    return true
  }
  await unlink(path)
  return true
}

/** A kill between the two names. */
async function isOneFile(path: string, target: string) {
  const [a, b] = await Promise.all([lstat(path), lstat(target)])
  if (a.ino !== b.ino || a.dev !== b.dev || a.ino === 0) return false
  await unlink(path)
  return true
}

/** Puts a draft over a file of ours, or of which the draft holds all that was in it. Its folder still has to be synced. */
export const putOver = ({ path }: Draft, target: string) => rename(path, target)

/** Makes the names in these folders, and the folders up to `root`, last through a power cut. */
export async function syncFolders(folders: Iterable<string>, root: string): Promise<void> {
  if (process.platform === 'win32') return
  const all = new Set<string>()
  for (let folder of folders) {
    while (!all.has(folder) && folder.startsWith(root)) {
      all.add(folder)
      folder = dirname(folder)
    }
  }
  for (const path of all) {
    const folder = await open(path)
    await folder.sync().finally(() => folder.close())
  }
}

/** Size and SHA-1 (hex) of what lies at a path; undefined where nothing is there, or no file. */
export async function lookAt(path: string): Promise<Omit<Draft, 'path'> | undefined> {
  const found = await stat(path).catch(nothing)
  if (!found?.isFile()) return undefined
  const hash = createHash('sha1')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return { size: found.size, sha1: hash.digest('hex') }
}

/** Whether the file at a path holds these bytes; a look at its size comes first. */
export async function holds(path: string, { size, sha1 }: Omit<Draft, 'path'>): Promise<boolean> {
  const found = await stat(path).catch(nothing)
  return found?.isFile() === true && found.size === size && (await lookAt(path))?.sha1 === sha1
}

function nothing(error: NodeJS.ErrnoException) {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}

/**
 * Lets what was written be recorded once the names in its folders are on disk, many of them together: a record that is
 * lost to a kill costs a second look at its files.
 */
export function inGroups(root: string, everyMs = 200) {
  let folders = new Set<string>()
  let records: (() => void)[] = []
  let last = performance.now()
  // One after the other: of two records of one photo the later has to stay.
  let settling = Promise.resolve()
  const settle = () => {
    last = performance.now()
    settling = settling.then(async () => {
      const [named, done] = [folders, records]
      folders = new Set()
      records = []
      await syncFolders(named, root)
      for (const record of done) record()
    })
    return settling
  }
  return {
    async add(into: string[], record: () => void) {
      for (const folder of into) folders.add(folder)
      records.push(record)
      if (performance.now() - last > everyMs) await settle()
    },
    settle,
  }
}

/** Of a path: whether it is what a killed run left of a file that it was writing. */
export const isLeftDraft = (path: string) =>
  basename(path).startsWith('.') && path.endsWith(PART_ENDING)

/** Takes away what a run that was killed left half written. */
export async function sweep(root: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []))
    if (!entry.isDirectory() && isLeftDraft(entry.name))
      await rm(join(entry.parentPath, entry.name))
}
