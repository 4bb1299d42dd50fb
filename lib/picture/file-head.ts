import { type FileHandle, open } from 'node:fs/promises'
import { fill } from '../folders/same.ts'
import { HEAD_BYTES, type Head, readHead } from './picture.ts'

// That of an hour's film has some MB; what is larger is none.
const MAX_MOOV = 64 << 20
// Of boxes side by side; a film in pieces has two for each.
const MAX_BOXES = 1000

// A fresh buffer for each of 100,000 files costs more than their reading.
let spare: Buffer | undefined

/**
 * What a file on disk says of itself, as `readHead`; of a movie also where its header lies behind the pictures, as most
 * phones write it. Throws where the file cannot be read.
 */
export async function readFileHead(path: string, name: string): Promise<Head> {
  const file = await open(path)
  try {
    const buffer = spare ?? Buffer.allocUnsafe(HEAD_BYTES)
    spare = undefined
    const bytes = buffer.subarray(0, await fill(file, buffer, 0))
    const head = await readHead(bytes, name)
    const isMovie = ['mp4', 'mov', 'm4v', '3gp'].includes(head.type ?? '')
    const moov = isMovie && (await moovBehind(file, bytes.length))
    const isBranded = bytes.toString('latin1', 4, 8) === 'ftyp'
    const brand = Buffer.from(
      bytes.subarray(0, isBranded ? Math.min(bytes.readUInt32BE(0), 1024) : 0),
    )
    spare = buffer
    return moov ? await readHead(Buffer.concat([brand, moov]), name) : head
  } finally {
    await file.close()
  }
}

/** The box of that name, where it does not end within the first `known` bytes. */
async function moovBehind(file: FileHandle, known: number): Promise<Buffer | undefined> {
  const start = Buffer.alloc(16)
  for (let at = 0, box = 0; box < MAX_BOXES; box++) {
    if ((await fill(file, start, at)) < 8) return
    const short = start.readUInt32BE(0)
    const size = short === 1 ? Number(start.readBigUInt64BE(8)) : short
    if (start.toString('latin1', 4, 8) === 'moov') {
      if (at + size <= known || size > MAX_MOOV) return
      const moov = Buffer.allocUnsafe(size)
      return moov.subarray(0, await fill(file, moov, at))
    }
    // 0: it reaches to the end.
    if (size < 8) return
    at += size
  }
}
