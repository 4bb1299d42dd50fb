import { createHash } from 'node:crypto'
import { lstat, open, readFile, rename } from 'node:fs/promises'
import { troubleText } from '../errno.ts'
import type { Entry } from '../folders/walking.ts'
import { mediaKind, splitName } from '../pairing/media.ts'
import { RAW } from '../picture/magic.ts'
import { Fail, hint } from '../stage.ts'
import type { Decided } from '../state/records.ts'

/** A photo that looks like the others of its group. */
export type Alike = {
  path: string
  /** Bytes of all its media. */
  size: number
  modified: string
  /** Bits in which it differs from the first. */
  apart: number
  width?: number
  height?: number
  /** On the camera's wall. */
  taken?: string
  /** It lies in a folder that is never touched. */
  reference?: true
  /** All its files, the main one first, its other halves and sidecars. */
  files: Seen[]
}
/** A file as it was when it was looked at. */
export type Seen = { path: string; size: number; modified: string }
export type Report = { at: string; folders: string[]; distance: number; groups: Alike[][] }

/** Writes the report whole or not at all. */
export async function writeReport(file: string, report: Report): Promise<void> {
  const draft = `${file}.new`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(report, null, 1)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
}

/** The report as it was written; undefined where there is none. Throws Fail for one that cannot be understood. */
export async function readReport(file: string): Promise<Report | undefined> {
  let found = 'it is not what dedupe writes today'
  try {
    const report = JSON.parse(await readFile(file, 'utf8')) as unknown
    if (isReport(report)) return report
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    found = error instanceof SyntaxError ? 'it is damaged' : troubleText(error)
  }
  throw new Fail(
    `Cannot read ${file}: ${found}: ${hint('dedupe', '--similar')} writes it anew; or delete it`,
  )
}

function isReport(one: unknown): one is Report {
  const { folders, groups } = (one ?? {}) as Report
  const isSeen = ({ path, size, modified }: Seen) =>
    typeof path === 'string' && typeof size === 'number' && typeof modified === 'string'
  const isAlike = (alike: Alike | null) =>
    alike !== null &&
    typeof alike === 'object' &&
    isSeen(alike) &&
    Array.isArray(alike.files) &&
    alike.files[0]?.path === alike.path &&
    alike.files.every(isSeen)
  const isGroup = (group: unknown) => Array.isArray(group) && group.every(isAlike)
  const areTexts = Array.isArray(folders) && folders.every((path) => typeof path === 'string')
  return areTexts && Array.isArray(groups) && groups.every(isGroup)
}

export function seen({ path, size, modified }: Entry): Seen {
  return { path, size, modified: toText(modified) }
}

/** One way for all: `mtime` of Node is rounded, a Date cuts. */
const toText = (ms: number) => new Date(Math.floor(ms)).toISOString()

/** Whether files are as they were when they were looked at. */
export async function areAsTheyWere(files: Seen[]): Promise<boolean> {
  for (const { path, size, modified } of files) {
    const now = await lstat(path).catch(() => null)
    if (!now?.isFile() || now.size !== size || toText(now.mtimeMs) !== modified) return false
  }
  return true
}

/** The key of what a person says of a group: of the paths alone, so that the next report has it, too. */
export function keyOf(group: Alike[]): string {
  const paths = group.map(({ path }) => path).sort()
  return `similar:${createHash('sha256').update(paths.join('\0')).digest('hex').slice(0, 24)}`
}

/** What a person had before them: each file of the group. */
export function shownOf(group: { files: Seen[] }[]): string[] {
  const files = group.flatMap((one) => one.files)
  return files.map(({ path, size, modified }) => `${size} ${modified} ${path}`).sort()
}

/** What was said of this group, of the very files that are in it now; undefined where that was of others. */
export function saidOf(group: Alike[], decided: Decided | undefined): Decided | undefined {
  if (!decided?.of) return
  return decided.of.join('\0') === shownOf(group).join('\0') ? decided : undefined
}

/** The group with the one that has the most pixels first, then the most bytes. */
export function byWorth(group: Alike[]): Alike[] {
  const pixels = ({ width = 0, height = 0 }: Alike) => width * height
  return group.toSorted(
    (a, b) => pixels(b) - pixels(a) || b.size - a.size || (a.path < b.path ? -1 : 1),
  )
}

/** What goes when this one stays: only its like. No RAW or film goes for a picture, no picture for a RAW alone. */
export function goesFor(stays: Alike, group: Alike[]): Alike[] {
  const kinds = kindsOf(stays)
  return group.filter((one) => one !== stays && !one.reference && kindsOf(one).isSubsetOf(kinds))
}

/** What the photo is, in all its files. */
export function kindsOf({ files }: Alike): Set<string> {
  const media = files.flatMap(({ path }, n) => {
    const kind = mediaKind(path.slice(path.lastIndexOf('/') + 1))
    const isRaw = RAW.has(splitName(path).extension.slice(1).toLowerCase())
    if (isRaw) return ['RAW']
    return kind === 'video' ? ['film'] : kind === 'image' || n === 0 ? ['picture'] : []
  })
  return new Set(media)
}
