import { createHash } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { sourceOf } from '../archive/archive.ts'
import { hex } from '../archive/directory.ts'
import { fileSource, type Source } from '../archive/source.ts'
import { readTar } from '../archive/tar.ts'
import { readDirectory, readEntries, type ZipEntry } from '../archive/zip.ts'
import { type Json, readJson } from '../pairing/sidecar.ts'
import { Fail } from '../stage.ts'
import type { Seen } from '../state/records.ts'
import { commentsIn } from './comments.ts'
import type { Found } from './parts.ts'

/** One file of an export as its part lists it; `json` says what a JSON file is, by its content. */
export type ExportFile = {
  part: string
  path: string
  size: number
  crc: string | null
  json?: Json
  comments?: string[]
  /** What was read of it before. */
  head?: Seen
  /** Why it cannot be used (encrypted, a link, too big for a sidecar, …). */
  problem?: string
}

/** Told of each file that is read, and how many bytes of its part that took where all of it has to be read. */
export type Reading = (path: string, bytes?: number) => void

// Sidecars are a few KB. A JSON above this is no sidecar, whatever it says.
const MAX_JSON_BYTES = 4 * 1024 * 1024

/**
 * Reads what a part holds: names, sizes, CRC-32, and the content of its JSON files; no media bytes, but a tgz has to be
 * read through. `id` comes from that listing, so a moved or renamed part is known again; a folder's comes from its
 * place, since it may grow. Throws Fail where the part cannot be read.
 */
export async function readPart(
  found: Found,
  reading: Reading = () => {},
): Promise<{ id: string; files: ExportFile[] }> {
  if (found.kind === 'zip') return readZipPart(found, reading)
  if (found.kind === 'tgz') return readTarPart(found, reading)
  return readFolderPart(found, reading)
}

async function readZipPart(found: Found, reading: Reading) {
  const source = await sourceOf(found)
  try {
    const { entries, hash, skipped } = await readDirectory(source)
    if (entries.length > 0 && entries.every(({ encrypted }) => encrypted)) {
      throw new Fail(
        `Cannot read "${source.name}": it is encrypted: unpack it with its password and name that folder`,
      )
    }
    const part = hash.slice(0, 12)
    const files: ExportFile[] = []
    const jsons = new Map<ZipEntry, ExportFile>()
    for (const entry of entries) {
      const { path, size, crc, encrypted } = entry
      const file: ExportFile = { part, path, size, crc }
      if (encrypted) file.problem = 'encrypted'
      else if (isJson(path)) jsons.set(entry, file)
      files.push(file)
    }
    for await (const { entry, data, problem } of readEntries(
      source,
      [...jsons.keys()],
      MAX_JSON_BYTES,
    )) {
      const file = jsons.get(entry) as ExportFile
      reading(file.path)
      if (data) takeIn(file, data)
      else file.json = { kind: 'broken', why: problem ?? 'unreadable' }
    }
    if (skipped.length === 0) return { id: part, files }
    // Of two entries of one path the good one stands.
    const byPath = new Map<string, ExportFile>()
    for (const { path, why } of skipped)
      byPath.set(path, { part, path, size: 0, crc: null, problem: why })
    for (const file of files) byPath.set(file.path, file)
    return { id: part, files: [...byPath.values()] }
  } finally {
    await source.close()
  }
}

async function readTarPart({ path }: Found, reading: Reading) {
  const archive = await fileSource(path)
  try {
    return await readTarFrom(archive, reading)
  } finally {
    await archive.close()
  }
}

async function readTarFrom(archive: Source, reading: Reading) {
  // Of two entries of one path the later one counts.
  const files = new Map<string, ExportFile>()
  const listing = createHash('sha1')
  let now = ''
  const source: Source = {
    ...archive,
    read(offset, length) {
      reading(now, length)
      return archive.read(offset, length)
    },
  }
  for await (const entry of readTar(source)) {
    now = entry.path
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
    if (keep) takeIn(file, Buffer.concat(kept))
    else if (isJson(entry.path)) file.json = { kind: 'broken', why: 'too big for a sidecar' }
    listing.update(`${file.path}\0${file.size}\0${file.crc}\n`)
  }
  const id = listing.digest('hex').slice(0, 12)
  for (const file of files.values()) file.part = id
  return { id, files: [...files.values()] }
}

async function readFolderPart({ path: root }: Found, reading: Reading) {
  const part = createHash('sha1').update(root).digest('hex').slice(0, 12)
  const files: ExportFile[] = []
  const none = { part, size: 0, crc: null }
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await readdir(join(root, folder), { withFileTypes: true }).catch(() => null)
    if (!names && folder === '')
      throw new Fail(`Cannot read the folder ${root}: no permission, or it is gone: look at it`)
    if (!names) files.push({ ...none, path: folder, problem: 'unreadable folder' })
    for (const name of names ?? []) {
      const path = folder ? `${folder}/${name.name}` : name.name
      if (name.isDirectory()) folders.push(path)
      else if (name.isFile()) files.push({ ...none, path })
      else files.push({ ...none, path, problem: 'neither a file nor a folder' })
    }
  }
  // A few at once: over a network each look costs a round trip.
  const left = files.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const file of left) {
        reading(file.path)
        if (!file.problem) await lookAt(root, file)
      }
    }),
  )
  return { id: part, files }
}

async function lookAt(root: string, file: ExportFile) {
  const handle = await open(join(root, file.path)).catch(() => null)
  try {
    if (!handle) throw new Error('unreadable')
    file.size = (await handle.stat()).size
    if (!isJson(file.path)) return
    if (file.size > MAX_JSON_BYTES) file.json = { kind: 'broken', why: 'too big for a sidecar' }
    else takeIn(file, await handle.readFile())
  } catch {
    file.problem = 'unreadable'
  } finally {
    await handle?.close()
  }
}

function takeIn(file: ExportFile, data: Buffer) {
  file.json = readJson(data)
  const comments = commentsIn(data)
  if (comments) file.comments = comments
}

function isJson(path: string) {
  return /\.json$/i.test(path)
}
