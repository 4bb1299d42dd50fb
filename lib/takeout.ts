import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { glob } from 'zx'
import { hex } from './directory.ts'
import { type Json, readJson } from './sidecar.ts'
import { fileSource } from './source.ts'
import { Fail } from './stage.ts'
import type { Part, Photo } from './state.ts'
import { readTar } from './tar.ts'
import { readDirectory, readEntries } from './zip.ts'

/** One file of an export as its part lists it; `json` says what a JSON file is, by its content. */
export type ExportFile = {
  part: string
  path: string
  size: number
  crc: string | null
  json?: Json
  /** Why it cannot be used (encrypted, a link, too big for a sidecar, …). */
  problem?: string
}

export type Found = Omit<Part, 'entries'>

// Sidecars are a few KB. A JSON above this is no sidecar, whatever it says.
const MAX_JSON_BYTES = 4 * 1024 * 1024

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

/**
 * Reads what a part holds: names, sizes, CRC-32, and the content of its JSON files; no media bytes, but a tgz has to be
 * read through. `id` comes from that listing, so a moved or renamed part is known again; a folder's comes from its
 * place, since it may grow. Throws Fail where the part cannot be read.
 */
export async function readPart(found: Found): Promise<{ id: string; files: ExportFile[] }> {
  if (found.kind === 'zip') return readZipPart(found)
  if (found.kind === 'tgz') return readTarPart(found)
  return readFolderPart(found)
}

/** Export, part number of a part's file name; a name without a stamp stands for its own export. */
export function readPartName(name: string): { export: string; number: number | null } {
  const plain = name.replace(/\.(zip|tgz|tar\.gz|tar)$/i, '').replace(/ ?\(\d+\)$/, '') // a browser's second download
  const stamped = /^(.*?\d{8}T\d{6}Z)(?:-\d+)*?-(\d{3,})$/.exec(plain)
  if (stamped) return { export: stamped[1] as string, number: Number(stamped[2]) }
  const numbered = /^(.+?)[-_ ](\d{3})$/.exec(plain)
  if (numbered) return { export: numbered[1] as string, number: Number(numbered[2]) }
  return { export: plain, number: null }
}

/** CRC-32 of a file on disk, 8 hex digits. */
export async function crcOf(path: string): Promise<string> {
  let crc = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    crc = crc32(chunk, crc)
  return hex(crc)
}

/**
 * Gives a CRC-32 to files of folders (archives list theirs) whose size another file shares, since only those can be
 * copies; all others are never read. `rootOf` gives a folder part's place; `photos` remembers what was read before.
 */
export async function hashEqualSizes(
  files: ExportFile[],
  rootOf: (part: string) => string | undefined,
  photos: Record<string, Photo>,
): Promise<void> {
  const known = new Map<string, string>()
  for (const { files } of Object.values(photos)) {
    for (const { part, path, size, crc } of files)
      if (crc) known.set(`${part}:${path}:${size}`, crc)
  }
  const media = files.filter((file) => !file.json && !file.problem && file.size > 0)
  const sizes = new Map<number, number>()
  for (const { size } of media) sizes.set(size, (sizes.get(size) ?? 0) + 1)
  for (const file of media) {
    if (file.crc !== null || sizes.get(file.size) === 1) continue
    file.crc = known.get(`${file.part}:${file.path}:${file.size}`) ?? null
    const root = rootOf(file.part)
    if (file.crc === null && root !== undefined) file.crc = await crcOf(join(root, file.path))
  }
}

async function expand(text: string): Promise<string[]> {
  const whole = await expandOne(text)
  if (whole.length > 0) return whole
  // Several in one text, as in TAKEOUT="a.zip takeout (1).zip": the longest run of words that leads somewhere.
  const words = text.split(/\s+/).filter((word) => word !== '')
  const paths: string[] = []
  for (let from = 0; from < words.length; ) {
    let to = words.length
    let hit: string[] = []
    for (; to > from; to--) {
      hit = await expandOne(words.slice(from, to).join(' '))
      if (hit.length > 0) break
    }
    if (hit.length === 0) {
      throw new Fail(
        `Cannot find the Takeout "${words[from]}": no such file or folder: set TAKEOUT to its parts, or to the folder that holds them`,
      )
    }
    paths.push(...hit)
    from = to
  }
  return paths
}

async function expandOne(text: string): Promise<string[]> {
  const path = resolve(
    text
      .trim()
      .replace(/^(['"])(.*)\1$/, '$2')
      .replace(/^~(?=\/|$)/, homedir()),
  )
  if (text.trim() === '') return []
  if (await stat(path).catch(() => null)) return [path]
  if (!/[*?[{]/.test(path)) return []
  // Brackets and parentheses of a name like "takeout (1).zip" are no pattern here.
  return (await glob(path.replace(/[()]/g, '\\$&'), { onlyFiles: false })).sort()
}

async function partsAt(path: string): Promise<{ parts: Found[]; other: string[] }> {
  const info = await stat(path)
  if (!info.isDirectory()) return { parts: [await archiveAt(path)], other: [] }
  const names = await readdir(path, { withFileTypes: true })
  const archives = names.filter(
    (name) => !name.isDirectory() && /\.(zip|tgz|tar\.gz|tar)$/i.test(name.name),
  )
  const parts = await Promise.all(archives.map((name) => archiveAt(join(path, name.name))))
  // Beside archives a folder counts only where it is an unpacked export; without them the folder itself is one.
  const folders = names.filter((name) => name.isDirectory() && !name.name.startsWith('.'))
  if (parts.length === 0) return { parts: [await folderAt(path)], other: [] }
  const other: string[] = []
  for (const folder of folders) {
    const inner = join(path, folder.name)
    const unpacked =
      /^takeout/i.test(folder.name) || (await stat(join(inner, 'Takeout')).catch(() => null))
    if (unpacked) parts.push(await folderAt(inner))
    else other.push(inner)
  }
  return { parts, other }
}

async function archiveAt(path: string): Promise<Found> {
  const real = await realpath(path)
  const name = basename(real)
  const info = await stat(real)
  const file = await open(real)
  const head = Buffer.alloc(262)
  await file.read(head, 0, 262, 0).finally(() => file.close())
  const tar = head.readUInt16BE(0) === 0x1f8b || head.toString('latin1', 257, 262) === 'ustar'
  // Anything else goes to the zip reader, which says best what a file is that is no zip.
  const kind = tar ? 'tgz' : 'zip'
  return {
    ...readPartName(name),
    kind,
    name,
    path: real,
    size: info.size,
    modified: Math.floor(info.mtimeMs),
  }
}

async function folderAt(path: string): Promise<Found> {
  const real = await realpath(path)
  let name = basename(real)
  // What was unpacked to takeout-…-001/Takeout belongs to the export of that name.
  if (name === 'Takeout' || name.startsWith('Google ')) name = basename(dirname(real))
  const { mtimeMs } = await stat(real)
  const part = readPartName(name)
  return { ...part, kind: 'folder', name, path: real, size: 0, modified: Math.floor(mtimeMs) }
}

async function readZipPart({ path }: Found) {
  const source = await fileSource(path)
  try {
    const { entries, hash, skipped } = await readDirectory(source)
    const part = hash.slice(0, 12)
    const files = new Map<string, ExportFile>()
    // Of two entries of one path the good one stands.
    for (const { path, why } of skipped)
      files.set(path, { part, path, size: 0, crc: null, problem: why })
    for (const { path, size, crc, encrypted } of entries) {
      files.set(path, { part, path, size, crc, ...(encrypted && { problem: 'encrypted' }) })
    }
    const json = entries.filter((entry) => isJson(entry.path) && !entry.encrypted)
    for await (const { entry, data, problem } of readEntries(source, json, MAX_JSON_BYTES)) {
      const file = files.get(entry.path) as ExportFile
      file.json = data ? readJson(data) : { kind: 'broken', why: problem ?? 'unreadable' }
    }
    return { id: part, files: [...files.values()] }
  } finally {
    await source.close()
  }
}

async function readTarPart({ path }: Found) {
  // Of two entries of one path the later one counts.
  const files = new Map<string, ExportFile>()
  const listing = createHash('sha1')
  for await (const entry of readTar(path)) {
    const file: ExportFile = { part: '', path: entry.path, size: entry.size, crc: null }
    files.set(entry.path, file)
    if (entry.type !== 'file') {
      file.problem = entry.why ?? entry.type
      continue
    }
    let crc = 0
    const kept: Buffer[] = []
    const keep = isJson(entry.path) && entry.size <= MAX_JSON_BYTES
    for await (const chunk of entry.body) {
      crc = crc32(chunk, crc)
      if (keep) kept.push(chunk)
    }
    file.crc = hex(crc)
    if (keep) file.json = readJson(Buffer.concat(kept))
    else if (isJson(entry.path)) file.json = { kind: 'broken', why: 'too big for a sidecar' }
    listing.update(`${file.path}\0${file.size}\0${file.crc}\n`)
  }
  const id = listing.digest('hex').slice(0, 12)
  for (const file of files.values()) file.part = id
  return { id, files: [...files.values()] }
}

async function readFolderPart({ path: root }: Found) {
  const part = createHash('sha1').update(root).digest('hex').slice(0, 12)
  const files: ExportFile[] = []
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${name.name}` : name.name
      if (name.isDirectory()) folders.push(path)
      else if (name.isFile()) files.push({ part, path, size: 0, crc: null })
      else files.push({ part, path, size: 0, crc: null, problem: 'neither a file nor a folder' })
    }
  }
  // A few at once: over a network each look costs a round trip.
  const left = files.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const file of left) if (!file.problem) await lookAt(root, file)
    }),
  )
  return { id: part, files }
}

async function lookAt(root: string, file: ExportFile) {
  const handle = await open(join(root, file.path)).catch(() => null)
  if (!handle) {
    file.problem = 'unreadable'
    return
  }
  try {
    file.size = (await handle.stat()).size
    if (!isJson(file.path)) return
    if (file.size > MAX_JSON_BYTES) file.json = { kind: 'broken', why: 'too big for a sidecar' }
    else file.json = readJson(await handle.readFile())
  } finally {
    await handle.close()
  }
}

function isJson(path: string) {
  return /\.json$/i.test(path)
}
