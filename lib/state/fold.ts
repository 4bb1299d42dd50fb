import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { FIRST, type Records, type Saved, type Section } from './document.ts'
import { bytesAt, CHUNK } from './lines.ts'

/** A section to be written: records from memory, or the bytes of the document before. */
export type Content = { name: string } & ({ records: Records } | { copy: Section })

const hex = (crc: number) => crc.toString(16).padStart(8, '0')

/** CRC-32 of all that follows the first two lines, 8 hex digits: what `saved.crc` should be. */
export async function crcOf(handle: FileHandle): Promise<string> {
  const { size } = await handle.stat()
  const top = await bytesAt(handle, 0, Math.min(size, CHUNK))
  let at = top.indexOf(10, top.indexOf(10) + 1) + 1
  let crc = 0
  while (at < size) {
    const chunk = await bytesAt(handle, at, CHUNK)
    if (chunk.length === 0) break
    crc = crc32(chunk, crc)
    at += chunk.length
  }
  return hex(crc)
}

/**
 * Streams a document to the new file `path` (mode 0600) and syncs it; sections to copy come out of `from`.
 * Memory stays at a chunk: the head, whose lengths are known last, is patched in at the end.
 */
export async function writeDocument(
  path: string,
  contents: Content[],
  { after, from }: { after: string; from?: FileHandle },
): Promise<void> {
  rmSync(path, { force: true })
  const handle = await open(path, 'wx+', 0o600)
  try {
    const counts = contents.map(({ name }): [string, number] => [name, Number.MAX_SAFE_INTEGER])
    const id = randomBytes(8).toString('hex')
    const saved: Saved = { id, after, at: new Date().toISOString(), crc: hex(0), sections: counts }
    const room = Buffer.byteLength(headLine(saved, counts))
    let at = FIRST.length + room + 1
    let crc = 0
    let text = ''
    const put = async (bytes: Buffer) => {
      await writeAll(handle, bytes, at)
      crc = crc32(bytes, crc)
      at += bytes.length
    }
    const drain = async () => {
      await put(Buffer.from(text))
      text = ''
    }
    const sections: [string, number][] = []
    const written: [string, number][] = []
    for (const content of contents) {
      text += `${sections.length > 0 ? ',\n' : ''}${JSON.stringify(content.name)}:{\n`
      await drain()
      const start = at
      let count = 0
      if ('copy' in content) {
        const { copy } = content
        count = copy.count
        for (let done = copy.start; done < copy.end; done += CHUNK) {
          if (from) await put(await bytesAt(from, done, Math.min(CHUNK, copy.end - done)))
        }
      } else {
        for (const id of Object.keys(content.records)) {
          // Gone since the keys were taken: the journal tells of it.
          if (!(id in content.records)) continue
          text += `${count++ > 0 ? ',\n' : ''}${JSON.stringify(id)}:${JSON.stringify(content.records[id])}`
          if (text.length > CHUNK / 4) await drain()
        }
        if (count > 0) text += '\n'
        await drain()
      }
      sections.push([content.name, at - start])
      written.push([content.name, count])
      text = '}'
    }
    text += '\n}\n'
    await drain()
    const head = headLine({ ...saved, crc: hex(crc), sections }, written)
    const padding = ' '.repeat(room - Buffer.byteLength(head))
    await writeAll(handle, Buffer.from(`${FIRST}${head}${padding}\n`), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// jq and a person read the counts; the lengths are for us.
function headLine(saved: Saved, counts: [string, number][]) {
  return `"saved":${JSON.stringify(saved)},"counts":${JSON.stringify(Object.fromEntries(counts))},`
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number) {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}
