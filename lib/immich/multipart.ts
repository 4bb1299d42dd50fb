import { randomUUID } from 'node:crypto'
import type { Body } from './http.ts'

export type FilePart = { name: string; size: number; chunks: () => AsyncIterable<Buffer> }

/**
 * A form as browsers send it, streamed with its exact length known: the texts first, since the server reads them before
 * it judges the files, then the files in the order given. File names go as UTF-8 bytes.
 */
export function multipart(texts: Record<string, string>, files: Record<string, FilePart>): Body {
  const boundary = `photoferry-${randomUUID()}`
  const head = (name: string, more = '') =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`
  const first = Object.entries(texts)
    .map(([name, value]) => `${head(name)}${value}\r\n`)
    .join('')
  const parts = Object.entries(files).map(([name, file], n) => {
    const type = '\r\nContent-Type: application/octet-stream'
    const before = `${n ? '\r\n' : first}${head(name, `; filename="${quoted(file.name)}"${type}`)}`
    return { before: Buffer.from(before), file }
  })
  const last = Buffer.from(`\r\n--${boundary}--\r\n`)
  async function* chunks() {
    for (const { before, file } of parts) {
      yield before
      yield* file.chunks()
    }
    yield last
  }
  const length = parts.reduce(
    (sum, { before, file }) => sum + before.length + file.size,
    last.length,
  )
  return { type: `multipart/form-data; boundary=${boundary}`, length, chunks: chunks() }
}

/** As the HTML standard escapes a file name; Immich 2.7 to 3.1 keeps the escapes as they are. */
export function quoted(name: string) {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
