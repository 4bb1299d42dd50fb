import { open, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathsIn } from '../folders/named.ts'
import { Fail } from '../stage.ts'
import type { Part } from '../state/records.ts'

export type Found = Omit<Part, 'entries'>

/**
 * The parts that the person means: `given` holds files, folders that hold parts or are an unpacked export, globs,
 * and texts with several of these (names may hold spaces). Returns absolute paths, each once, and what was no part.
 * Throws Fail where a name leads nowhere.
 */
export async function findParts(
  given: string[],
): Promise<{ found: Found[]; passedOver: string[] }> {
  const paths: string[] = []
  for (const text of given) paths.push(...(await expand(text)))
  const found = new Map<string, Found>()
  const passedOver: string[] = []
  for (const path of paths) {
    const { parts, other } = await partsAt(path)
    for (const part of parts) found.set(part.path, part)
    passedOver.push(...other)
  }
  const byName = (a: Found, b: Found) =>
    a.export.localeCompare(b.export) ||
    (a.number ?? 0) - (b.number ?? 0) ||
    a.path.localeCompare(b.path)
  return { found: [...found.values()].sort(byName), passedOver }
}

/** Export, part number of a part's file name; a name without a stamp stands for its own export. */
export function readPartName(name: string): { export: string; number: number | null } {
  const plain = name.replace(/\.(zip|tgz|tar\.gz|tar)$/i, '').replace(/ ?\(\d+\)$/, '') // a browser's second download
  const stamped = /^(.*?\d{8}T\d{6}Z)(?:-\d+)*?-(\d{3,5})$/.exec(plain)
  if (stamped) return { export: stamped[1] as string, number: Number(stamped[2]) }
  const numbered = /^(.+?)[-_ ](\d{3})$/.exec(plain)
  if (numbered) return { export: numbered[1] as string, number: Number(numbered[2]) }
  return { export: plain, number: null }
}

/** When an export was made, as text that sorts by time; '' where its name does not say. */
export function stampOf(name: string): string {
  return /\d{8}T\d{6}Z/.exec(name)?.[0] ?? ''
}

/** Exports with holes in the numbers of their parts: export -> the missing numbers. The last part cannot be missed. */
export function gaps(parts: Iterable<Pick<Part, 'export' | 'number'>>): Map<string, number[]> {
  const numbers = new Map<string, Set<number>>()
  for (const { export: name, number } of parts) {
    if (number === null) continue
    numbers.set(name, (numbers.get(name) ?? new Set()).add(number))
  }
  const holes = new Map<string, number[]>()
  for (const [name, known] of numbers) {
    const all = Array.from({ length: Math.max(...known) }, (_, at) => at + 1)
    const missing = all.filter((number) => !known.has(number))
    if (missing.length > 0) holes.set(name, missing)
  }
  return holes
}

async function expand(text: string): Promise<string[]> {
  const { paths, lost } = await pathsIn(text)
  if (lost === undefined) return paths
  throw new Fail(
    `Cannot find the Takeout "${lost}": no such file or folder: set TAKEOUT to its parts, or to the folder that holds them`,
  )
}

async function partsAt(path: string): Promise<{ parts: Found[]; other: string[] }> {
  const info = await stat(path)
  if (!info.isDirectory()) return { parts: [await archiveAt(path)], other: [] }
  const names = await readdir(path, { withFileTypes: true }).catch(() => {
    throw new Fail(`Cannot read the folder ${path}: no permission: make it readable for your user`)
  })
  // Where a disk hung, or what is left when all was sent: no export.
  if (names.length === 0) return { parts: [], other: [] }
  const parts: Found[] = []
  const folders: string[] = []
  for (const entry of names) {
    const inner = join(path, entry.name)
    const isArchive = /\.(zip|tgz|tar\.gz|tar)$/i.test(entry.name)
    if (isArchive && !(await stat(inner).catch(() => null))?.isDirectory())
      parts.push(await archiveAt(inner))
    else if (entry.isDirectory() && !entry.name.startsWith('.')) folders.push(inner)
  }
  const stamped = folders.filter((inner) => stampOf(basename(inner)) !== '')
  // Beside archives, or exports that were unpacked by name, a folder counts only where it is such; else this is an export.
  if (parts.length + stamped.length === 0) return { parts: [await folderAt(path)], other: [] }
  const other: string[] = []
  for (const inner of folders) {
    const unpacked =
      /^takeout/i.test(basename(inner)) || (await stat(join(inner, 'Takeout')).catch(() => null))
    if (unpacked) parts.push(await folderAt(inner))
    else other.push(inner)
  }
  return { parts, other }
}

async function archiveAt(path: string): Promise<Found> {
  const real = await realpath(path)
  const name = basename(real)
  const info = await stat(real)
  const head = Buffer.alloc(262)
  // What cannot be opened is told by its reader, with all that is to be said.
  const file = await open(real).catch(() => null)
  await file?.read(head, 0, 262, 0).finally(() => file.close())
  const tar = head.readUInt16BE(0) === 0x1f8b || head.toString('latin1', 257, 262) === 'ustar'
  return {
    ...readPartName(name),
    // Anything else goes to the zip reader, which says best what a file is that is no zip.
    kind: tar ? 'tgz' : 'zip',
    name,
    path: real,
    size: info.size,
    modified: Math.floor(info.mtimeMs),
  }
}

async function folderAt(path: string): Promise<Found> {
  const real = await realpath(path)
  let holder = real
  // What was unpacked to takeout-…-001/Takeout belongs to the export of that name, and so do Takeout 1 and Takeout 2 there.
  while (/^(takeout([ _-]?\(?\d*\)?)?|google .*|.* google)$/i.test(basename(holder)))
    holder = dirname(holder)
  const name = basename(holder) || basename(real)
  const { mtimeMs } = await stat(real)
  const part = readPartName(name)
  return { ...part, kind: 'folder', name, path: real, size: 0, modified: Math.floor(mtimeMs) }
}
