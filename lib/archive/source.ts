import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { diskTrouble } from '../errno.ts'
import { size as asSize } from '../progress.ts'
import { Fail } from '../stage.ts'

/** Where an archive's bytes come from. `read` gives exactly `length` bytes or throws Fail. */
export type Source = {
  name: string
  /** Bytes. */
  size: number
  read(offset: number, length: number): Promise<Buffer>
  close(): Promise<void>
  /** Where each read is a request over a network: bytes between two wanted pieces that are rather read than left out ... */
  gap?: number
  /** ... and bytes of a big file that are read at once. */
  piece?: number
  /** Told where a zip's directory begins: what lies from there on is read again by every stage. */
  keepFrom?(offset: number): void
}

/** Opens a file on disk. Throws Fail where it is missing, unreadable or not a file; so does `read`. */
export async function fileSource(path: string): Promise<Source> {
  const name = basename(path)
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const stat = await handle.stat()
    if (!stat.isFile()) throw new Fail(`Cannot read "${path}": it is not a file: name an archive`)
    return { name, size: stat.size, read: readFrom(handle, name), close: closeOnce(handle) }
  } catch (error) {
    await handle?.close()
    throw readFailure(path, error)
  }
}

function readFrom(handle: FileHandle, name: string) {
  return async (offset: number, length: number) => {
    const bytes = Buffer.allocUnsafe(length)
    let filled = 0
    try {
      while (filled < length) {
        // One read may bring less than was asked for: a network drive, a signal, 2 GiB and more.
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) {
          const found = `it was cut to ${asSize(offset + filled)} while it was read`
          throw new Fail(`Cannot read "${name}": ${found}: let its download end, then run again`)
        }
        filled += bytesRead
      }
    } catch (error) {
      throw readFailure(name, error)
    }
    return bytes
  }
}

function closeOnce(handle: FileHandle) {
  let closed: Promise<void> | undefined
  return () => {
    closed ??= handle.close()
    return closed
  }
}

/** Why bytes of `name` could not be read, as a Fail. */
export function readFailure(name: string, error: unknown) {
  if (error instanceof Fail) return error
  const { code, message } = error as NodeJS.ErrnoException
  const [found, remedy] = failures[code ?? ''] ??
    diskTrouble(error) ?? [message, 'check the disk and run again']
  return new Fail(`Cannot read "${name}": ${found}: ${remedy}`, { cause: error })
}

// Where an archive wants another word than any file.
const failures: Record<string, [found: string, remedy: string]> = {
  EISDIR: ['it is a folder', 'name an archive'],
  EIO: ['the disk cannot read it (EIO)', 'copy it to another disk or download that part again'],
  EBADF: ['it was closed', 'run again'],
}

/** What a file is by its first bytes, in words that follow "it is"; undefined where that is unknown. */
export function kindOf(head: Buffer): string | undefined {
  if (head.length === 0) return 'empty'
  if (['PK\u0003\u0004', 'PK\u0005\u0006'].includes(head.toString('latin1', 0, 4))) return 'a zip'
  if (head[0] === 0x1f && head[1] === 0x8b) return 'a gzip (tgz)'
  if (/^\s*<(!doctype|html|head|\?xml|!--)/i.test(head.toString('utf8').replace(/^\uFEFF/, ''))) {
    return 'a web page'
  }
  if (head.toString('latin1', 257, 262) === 'ustar') return 'a tar'
  if (head.every((byte) => byte === 0)) return 'only zero bytes (a download that never ran)'
}

/**
 * Why a path of an archive is not taken, or undefined. Paths are only keys here and nothing is
 * unpacked; but they become paths in a mirror, and no export of Google's has such ones.
 */
export function whyUnsafe(path: string): string | undefined {
  if (path === '') return 'it has no name'
  if (path.includes('\0')) return 'its path holds a zero byte'
  if (path.includes('\\')) return 'its path holds a backslash'
  if (path[0] === '/' || /^[a-z]:\//i.test(path)) return 'its path is absolute'
  if (path.includes('..') && path.split('/').includes('..'))
    return 'its path leads out of the archive'
}
