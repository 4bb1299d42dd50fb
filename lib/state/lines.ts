import type { FileHandle } from 'node:fs/promises'

/** Bytes that are read or written at a time. */
export const CHUNK = 4 << 20

/**
 * Calls `take` with each whole line of the bytes `start` to `end`, without its newline, until it says false.
 * Gives the offset behind the last whole line. Nothing but the longest line is held in memory.
 */
export async function eachLine(
  handle: FileHandle,
  start: number,
  end: number,
  take: (chunk: Buffer, from: number, to: number, at: number) => unknown,
): Promise<number> {
  let buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, end - start)))
  let at = start
  let held = 0
  while (at + held < end) {
    if (held === buffer.length) {
      const larger = Buffer.allocUnsafe(2 * held)
      buffer.copy(larger)
      buffer = larger
    }
    const room = Math.min(buffer.length - held, end - at - held)
    const { bytesRead } = await handle.read(buffer, held, room, at + held)
    if (bytesRead === 0) break
    const filled = buffer.subarray(0, held + bytesRead)
    let from = 0
    for (let to = filled.indexOf(10, held); to >= 0; to = filled.indexOf(10, from)) {
      if (take(filled, from, to, at + from) === false) return at + from
      from = to + 1
    }
    buffer.copyWithin(0, from, filled.length)
    held = filled.length - from
    at += from
  }
  return at
}

/** Up to `length` bytes at the offset `at`; fewer at the end of the file. */
export async function bytesAt(handle: FileHandle, at: number, length: number) {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}
