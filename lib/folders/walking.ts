import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isLitter } from '../pairing/media.ts'

/** A file of a tree as the disk shows it; times in ms since 1970. */
export type Entry = {
  path: string
  name: string
  size: number
  modified: number
  /** When it was last written, renamed or linked: unlike `modified`, nobody sets it. */
  changed: number
  /** `device:number`: the same for the names of one hard-linked file. */
  inode: string
  links: number
}
export type Folder = {
  path: string
  /** Below the root, '' for the root itself. */
  within: string
  files: Entry[]
}
/** Told of what is passed over, and why in a few stable words. */
export type PassedOver = (path: string, why: string) => void

export const UNREADABLE = 'cannot be read'

// Beside all that begin with a dot. Of Synology, QNAP, Windows, ext4, macOS.
const TOOLS = new Set([
  '@eadir',
  '@recycle',
  '@recently-snapshot',
  '@tmp',
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  'recycler',
  'system volume information',
  'lost+found',
  '__macosx',
])
// Syncthing's (on Windows with a ~), browsers', rclone's, wget's, torrents'.
const UNFINISHED =
  /^(~|\.)syncthing[.~].*\.tmp$|\.(part|partial|crdownload|download|opdownload|filepart|aria2|!qb|!ut|tmp|temp)$/i

/**
 * The folders below `root`, each with its files, in the order of their names. Hidden and tool folders are not entered, links
 * not followed; hidden, half-received and empty files are passed over. A folder that vanishes meanwhile is none.
 */
export function* walk(root: string, passedOver: PassedOver): Generator<Folder> {
  const todo = [root]
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    const within = relative(root, path)
    const files: Entry[] = []
    const folders: string[] = []
    for (const entry of list(path, passedOver)) {
      const name = String(entry.name)
      const whole = join(path, name)
      const why = passed(entry)
      if (why !== undefined) {
        if (why !== '') passedOver(whole, why)
        continue
      }
      if (entry.isDirectory()) folders.push(whole)
      else {
        const file = look(whole, name, passedOver)
        if (file) files.push(file)
      }
    }
    yield { path, within, files }
    todo.push(...folders.reverse())
  }
}

/** Why an entry is passed over; '' where nobody needs to know. */
function passed(entry: Dirent<Buffer>): string | undefined {
  const name = String(entry.name)
  if (!Buffer.from(name).equals(entry.name)) return 'its name is no UTF-8: rename it'
  if (entry.isSymbolicLink()) return 'a symbolic link'
  if (entry.isDirectory()) return isTools(name) ? '' : undefined
  if (!entry.isFile()) return 'no file'
  if (isUnfinished(name)) return 'half received'
  if (name.startsWith('.') || isLitter(name)) return ''
}

/** A folder that a tool keeps beside the pictures: a trash, thumbnails, versions, a marker. */
export function isTools(folder: string): boolean {
  return folder.startsWith('.') || TOOLS.has(folder.toLowerCase())
}

/** A name under which programs keep what they have not received whole. */
export function isUnfinished(name: string): boolean {
  // rsync: `.name.XXXXXX`.
  return UNFINISHED.test(name) || /^\..+\.\w{6}$/.test(name)
}

function list(path: string, passedOver: PassedOver): Dirent<Buffer>[] {
  try {
    // Bytes, since a name need not be text.
    const entries = readdirSync(path, { withFileTypes: true, encoding: 'buffer' })
    return entries.sort((a, b) => Buffer.compare(a.name, b.name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') passedOver(path, UNREADABLE)
    return []
  }
}

/** A file as it is now; undefined, and told, where it is empty or cannot be looked at. */
export function look(path: string, name: string, passedOver: PassedOver): Entry | undefined {
  try {
    const { size, mtimeMs, ctimeMs, dev, ino, nlink } = lstatSync(path)
    if (size === 0) passedOver(path, 'empty')
    if (size === 0) return
    // The numbers of some file systems do not fit a float: they are read again where they count.
    const inode = nlink > 1 ? inodeOf(path) : `${dev}:${ino}`
    return { path, name, size, modified: mtimeMs, changed: ctimeMs, inode, links: nlink }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') passedOver(path, UNREADABLE)
  }
}

function inodeOf(path: string) {
  const { dev, ino } = lstatSync(path, { bigint: true })
  return `${dev}:${ino}`
}
