import { open } from 'node:fs/promises'

const CHUNK_BYTES = 1 << 20

/** Whether two files hold the same bytes; both are read through, side by side, until they differ. */
export async function sameBytes(a: string, b: string): Promise<boolean> {
  const one = await open(a)
  try {
    const other = await open(b)
    try {
      const size = (await one.stat()).size
      if (size !== (await other.stat()).size) return false
      const [left, right] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)]
      for (let at = 0; at < size; ) {
        const [x, y] = await Promise.all([fill(one, left, at), fill(other, right, at)])
        if (x !== y || !left.subarray(0, x).equals(right.subarray(0, y))) return false
        // It was cut while this ran.
        if (x === 0) return false
        at += x
      }
      return true
    } finally {
      await other.close()
    }
  } finally {
    await one.close()
  }
}

/** Reads from `at` on until the buffer is full or the file ends; gives how many bytes. */
export async function fill(
  file: Awaited<ReturnType<typeof open>>,
  buffer: Buffer,
  at: number,
): Promise<number> {
  let read = 0
  while (read < buffer.length) {
    const { bytesRead } = await file.read(buffer, read, buffer.length - read, at + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return read
}
