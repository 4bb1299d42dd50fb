import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { Fail } from '../stage.ts'
import { fileSource, kindOf, type Source, whyUnsafe } from './source.ts'

/** One thing of a tar. Only where `type` is 'file' it is to be taken; `why` says why another is not. */
export type TarEntry = {
  /** As the archive spells it, without a leading `./`. */
  path: string
  /** Bytes. */
  size: number
  /** 'file', 'unsafe' (its path), or tar's own word: 'symlink', 'link', 'block-device' … */
  type: string
  why?: string
  /** Read it before the next entry is asked for, or not at all: what is left is skipped then. */
  body: AsyncIterable<Buffer>
}

const mib = 1024 * 1024
const again = 'download that part again'

/**
 * Reads a tar or tgz (told apart by its first bytes) through once, with flat memory. Folders are left
 * out. Of two entries of one path both come; the later one counts, as in tar. Throws Fail, which names
 * the last whole entry, where the archive is cut or damaged.
 */
export async function* readTar(from: string | Source): AsyncGenerator<TarEntry> {
  const source = typeof from === 'string' ? await fileSource(from) : from
  let last = ''
  const fail = (error: unknown) => {
    if (error instanceof Fail) return error
    const found = last ? `it breaks off after ${JSON.stringify(last)}` : 'nothing in it can be read'
    const reason = (error as Error).message.split('.')[0]
    return new Fail(`Cannot read "${source.name}": ${found} (${reason}): ${again}`, {
      cause: error,
    })
  }
  const entries = extract({ allowUnknownFormat: true } as object)
  const input = Readable.from(pieces(source), { objectMode: false, highWaterMark: mib })
  let plain: Readable = input
  try {
    const kind = kindOf(await source.read(0, Math.min(512, source.size)))
    if (kind?.startsWith('a gzip')) plain = input.pipe(createGunzip({ chunkSize: 256 * 1024 }))
    else if (kind !== undefined && kind !== 'a tar') throw noTar(source, kind)
    // pipe() hands no error on, and an archive that only stops would be waited for.
    for (const stream of new Set([input, plain])) stream.on('error', (e) => entries.destroy(e))
    plain.pipe(entries)
    for await (const entry of entries) {
      const { header } = entry
      const path = header.name.replace(/^(\.\/+)+/, '')
      const size = header.size ?? 0
      const rest = entry[Symbol.asyncIterator]() as AsyncIterator<Buffer>
      const why = whyNoFile(header, path)
      const type = why && header.type === 'file' ? 'unsafe' : (header.type ?? 'unknown')
      if (why) yield { path, size, type, why, body: nothing() }
      else if (why === undefined) yield { path, size, type: 'file', body: bodyOf(rest, fail) }
      while (!(await rest.next()).done);
      last = path
    }
    if (plain === input) await checkEnd(source)
  } catch (error) {
    throw fail(error)
  } finally {
    entries.destroy()
    plain.destroy()
    input.destroy()
    if (typeof from === 'string') await source.close()
  }
}

function noTar(source: Source, kind: string) {
  const signedIn = kind === 'a web page' ? ' while signed in' : ''
  const remedy = kind === 'a zip' ? 'rename it to .zip' : `${again}${signedIn}`
  const found = kind === 'empty' ? 'it is empty' : `it is ${kind}, not a tar`
  return new Fail(`Cannot read "${source.name}": ${found}: ${remedy}`)
}

async function* pieces(source: Source) {
  for (let at = 0; at < source.size; at += mib) {
    yield await source.read(at, Math.min(mib, source.size - at))
  }
}

/** Gzip has a checksum at its end; a plain tar that was cut between two entries lacks only its zeros. */
async function checkEnd(source: Source) {
  const end = await source.read(source.size - 512, 512)
  if (end.some((byte) => byte !== 0)) throw new Error('its end is missing')
}

/** Not the stream's own iterator: leaving that one early would end the whole archive. */
async function* bodyOf(rest: AsyncIterator<Buffer>, fail: (error: unknown) => Fail) {
  try {
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } catch (error) {
    throw fail(error)
  }
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** Undefined for a file to take, false for a folder (no word about it), else the reason. */
function whyNoFile({ type, linkname, pax }: Header, path: string): string | false | undefined {
  // Before ustar a folder was a file whose name ends in a slash.
  if (type === 'directory' || (type === 'file' && path.endsWith('/'))) return false
  if (type === 'symlink') return `it is a symbolic link to ${JSON.stringify(linkname)}`
  if (type === 'link') return `it is a hard link to ${JSON.stringify(linkname)}`
  const plain = type === 'file' || type === 'contiguous-file'
  if (!plain) return 'it is no regular file'
  if ((pax as Record<string, string> | null)?.['GNU.sparse.major']) return 'it is a sparse file'
  return whyUnsafe(path)
}
