import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { size as asSize } from '../progress.ts'
import { Fail } from '../stage.ts'
import type { Part, PhotoFile } from '../state/records.ts'
import { hex } from './directory.ts'
import { fileSource, readFailure, type Source } from './source.ts'
import { readTar } from './tar.ts'
import { readDirectory, streamEntry } from './zip.ts'

/** One wanted file at the moment when its bytes can be read. */
export type Body = {
  part: Part
  path: string
  size: number
  /** A fresh stream from the first byte; of a big file in a tgz only once, since a tar has no way back. */
  open: () => AsyncGenerator<Buffer>
  once: boolean
}

// Up to this size a tgz's file is held in memory, so that several can be on their way and each can be sent again.
const HELD_BYTES = 16 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024

/** A part cannot be read at all: what lies in others can. */
export class Lost extends Fail {}

/** A part is not there any more. */
export class Gone extends Lost {}

/** A part that gives its files in any order, as often as asked: a zip or a folder. */
export type Opened = {
  /** The wanted files in the order in which they lie there; one that is not there any more throws when it is opened. */
  bodies(wanted: PhotoFile[]): Body[]
  close(): Promise<void>
}

/** Opens a zip (on disk or in Drive) or a folder. Throws Lost where it is gone or no zip. */
export async function openPart(part: Part): Promise<Opened> {
  await stillThere(part)
  if (part.kind === 'folder') {
    const bodyOf = (file: PhotoFile): Body => {
      const open = () => checked(fileOf(part, file), file, part)
      return { ...about(part, file), open, once: false }
    }
    return { bodies: (wanted) => wanted.map(bodyOf), close: async () => {} }
  }
  const source = await sourceOf(part).catch(lost)
  const { entries } = await readDirectory(source).catch(async (error) => {
    await source.close()
    return lost(error)
  })
  const byPath = new Map(entries.map((entry) => [entry.path, entry]))
  return {
    bodies: (wanted) =>
      wanted
        .map((file) => ({ file, entry: byPath.get(file.path) }))
        .sort((a, b) => (a.entry?.offset ?? 0) - (b.entry?.offset ?? 0))
        .map(({ file, entry }) =>
          entry
            ? { ...about(part, file), open: () => streamEntry(source, entry), once: false }
            : missing(part, file),
        ),
    close: () => source.close(),
  }
}

/** The wanted files of any part, one after the other; a tgz is read through once, its big files can be read only now. */
export async function* bodies(part: Part, wanted: PhotoFile[]): AsyncGenerator<Body> {
  if (part.kind === 'tgz') return yield* fromTar(part, wanted)
  const opened = await openPart(part)
  try {
    yield* opened.bodies(wanted)
  } finally {
    await opened.close()
  }
}

/** The bytes of an archive, wherever it lies. */
export async function sourceOf(part: Omit<Part, 'entries'>): Promise<Source> {
  const { drive } = part
  if (!drive) return fileSource(part.path)
  const { driveSource } = await import('../google/drive-source.ts')
  return driveSource({ ...part, drive })
}

/** Throws Gone where a part that is still needed is not where it was last seen. */
export async function stillThere(part: Part): Promise<void> {
  if (part.drive) {
    const { driveTrouble } = await import('../google/drive-source.ts')
    const trouble = driveTrouble(part)
    return trouble && lost(trouble)
  }
  // What was picked lies at Google, who tells when it is asked for.
  if (part.kind === 'picked') return
  const instead = await insteadOf(part)
  if (instead === undefined) return
  throw new Gone(
    `Cannot read "${part.name}": it is no longer at ${part.path}${instead}, and photos in it are still owed: bring it back, or index it where it is now`,
  )
}

/** What is where a part was: '' for nothing; undefined where it is still the part. */
async function insteadOf({ path, kind, size }: Part) {
  const found = await stat(path).catch(() => null)
  if (!found) return ''
  if (kind === 'folder') {
    // A disk that was taken away leaves the folder where it hung.
    const names = await readdir(path).catch(() => ['?'])
    return names.length === 0 ? ' (that folder is empty)' : undefined
  }
  if (kind === 'picked' || size === 0 || found.size === size) return undefined
  return ` (a file of ${asSize(found.size)} is there, not of ${asSize(size)})`
}

async function* fileOf(part: Part, { path }: PhotoFile): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(join(part.path, path), { highWaterMark: CHUNK_BYTES })
  } catch (error) {
    throw readFailure(path, error)
  }
}

/** What ends the reading of one part, and leaves the others. */
export function lost(error: unknown): never {
  throw error instanceof Fail ? new Lost(error.message, { cause: error }) : error
}

async function* fromTar(part: Part, wanted: PhotoFile[]): AsyncGenerator<Body> {
  await stillThere(part)
  try {
    yield* filesOfTar(part, wanted)
  } catch (error) {
    lost(error)
  }
}

async function* filesOfTar(part: Part, wanted: PhotoFile[]): AsyncGenerator<Body> {
  const files = new Map(wanted.map((file) => [file.path, file]))
  for await (const { path, size, type, body } of readTar(part.path)) {
    const file = files.get(path)
    // Of two entries of one path the later one counts, which the index has taken.
    if (type !== 'file' || !file || file.size !== size) continue
    files.delete(path)
    if (size <= HELD_BYTES) {
      const chunks: Buffer[] = []
      for await (const chunk of body) chunks.push(chunk)
      yield { part, path, size, open: () => checked(chunks, file, part), once: false }
      continue
    }
    // The next file comes only when this one was read to its end or given up.
    let done = () => {}
    const read = new Promise<void>((resolve) => {
      done = resolve
    })
    const open = async function* () {
      try {
        yield* checked(body, file, part)
      } finally {
        done()
      }
    }
    yield { part, path, size, open, once: true }
    await read
  }
  for (const file of files.values()) yield missing(part, file)
}

/** A zip's reader checks CRC-32 and size; here they are those of the index. Throws before the last chunk. */
async function* checked(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  file: PhotoFile,
  part: Part,
) {
  const wrong = () =>
    new Fail(
      `Cannot read "${file.path}" in "${part.name}": it is not what was indexed: index that part again`,
    )
  let crc = 0
  let size = 0
  let last: Buffer | undefined
  for await (const chunk of chunks) {
    if (last) yield last
    crc = crc32(chunk, crc)
    size += chunk.length
    last = chunk
  }
  if (size !== file.size || (file.crc !== null && hex(crc) !== file.crc)) throw wrong()
  if (last) yield last
}

// A file that the index saw and the part does not have: somebody exchanged the part. Told when its bytes are asked for.
function missing(part: Part, file: PhotoFile): Body {
  const open = async function* (): AsyncGenerator<Buffer> {
    yield* []
    throw new Fail(
      `Cannot read "${file.path}": it is not in "${part.name}" any more: index that part again`,
    )
  }
  return { ...about(part, file), open, once: false }
}

function about(part: Part, { path, size }: PhotoFile) {
  return { part, path, size }
}
