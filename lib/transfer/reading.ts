import { crc32 } from 'node:zlib'
import type { Body } from '../archive/archive.ts'
import { hex } from '../archive/directory.ts'
import { HEAD_BYTES, type Head, readHead } from '../picture/picture.ts'
import { doing } from '../spent.ts'
import type { Part } from '../state/records.ts'

/** A file's bytes could not be read: it is told, and the others go on. */
export class Unreadable extends Error {
  part: Part
  constructor(part: Part, cause: unknown) {
    super((cause as Error).message, { cause })
    this.part = part
  }
}

/**
 * Reads the head of the stream, and gives a body that begins with it again; a second attempt opens a fresh stream. `crc` is its
 * CRC-32 (8 hex digits) once all of it was read, where that `isAsked`: an archive names those of its files.
 */
export async function openBody(body: Body, sent: (bytes: number) => void, isAsked = false) {
  let crc = 0
  let read = 0
  async function* begun() {
    crc = 0
    read = 0
    for await (const chunk of readable(body)) {
      if (isAsked) crc = crc32(chunk, crc)
      read += chunk.length
      yield chunk
      sent(chunk.length)
    }
  }
  const stream = begun()
  const first: Buffer[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const next = await stream.next()
    if (next.done) break
    first.push(next.value)
    length += next.value.length
  }
  const head: Head = await readHead(Buffer.concat(first), body.path)
  let opened = false
  async function* whole() {
    if (opened) return yield* begun()
    opened = true
    try {
      yield* first.splice(0)
      yield* stream
    } finally {
      await stream.return(undefined)
    }
  }
  // A tar has no way back: one attempt, and the next run tries again.
  // Where nobody reads on, as much of it is left as there was: a tar would wait for its reader.
  const close = async () => void (await stream.return(undefined))
  return {
    head,
    body: body.once ? whole() : whole,
    close,
    crc: () => (isAsked && read === body.size ? hex(crc) : null),
  }
}

/** The bytes of a body; what breaks off is Unreadable. */
export async function* readable(body: Body): AsyncGenerator<Buffer> {
  let over = doing('reading')
  try {
    for await (const chunk of body.open()) {
      over()
      yield chunk
      over = doing('reading')
    }
  } catch (error) {
    throw new Unreadable(body.part, error)
  } finally {
    over()
  }
}
