import type { IncomingMessage } from 'node:http'
import { Problem } from './immich-check.ts'

export type FormPart = { write(chunk: Buffer): unknown; end(): unknown }

/**
 * Reads a multipart form as it streams in. `open` is called with each part's name and file name, in order, and says where
 * its bytes go; what it throws ends the reading. Throws Problem 400 where the form stops short.
 */
export async function readForm(
  request: IncomingMessage,
  open: (name: string, filename: string | undefined) => Promise<FormPart>,
) {
  const boundary = /boundary="?([^";]+)"?/.exec(String(request.headers['content-type']))?.[1]
  if (!boundary) throw new Problem(400, 'Multipart: Boundary not found')
  const mark = Buffer.from(`\r\n--${boundary}`)
  // The first boundary has no line before it.
  let rest: Buffer = Buffer.from('\r\n')
  let part: FormPart | undefined
  let inHead = false
  let ended = false
  // The rest of a refused form is for the caller to read away: a broken connection would hide the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (ended) continue
    rest = rest.length ? Buffer.concat([rest, chunk]) : chunk
    for (;;) {
      if (inHead) {
        const end = rest.indexOf('\r\n\r\n')
        if (rest.subarray(0, 2).toString() === '--') {
          ended = true
          break
        }
        if (end < 0) break
        part = await opened(rest.subarray(0, end).toString('utf8'))
        rest = rest.subarray(end + 4)
        inHead = false
      }
      const at = rest.indexOf(mark)
      if (at < 0) {
        // The end of the chunk may be the start of a boundary.
        const safe = Math.max(0, rest.length - mark.length)
        if (part && safe) await part.write(rest.subarray(0, safe))
        if (safe) rest = rest.subarray(safe)
        break
      }
      if (part) {
        if (at) await part.write(rest.subarray(0, at))
        await part.end()
        part = undefined
      }
      rest = rest.subarray(at + mark.length)
      inHead = true
    }
  }
  if (!ended) throw new Problem(400, 'Unexpected end of form')

  function opened(head: string) {
    const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(head)?.[1] ?? ''
    const name = /[; ]name="([^"]*)"/.exec(disposition)?.[1] ?? ''
    const given = /[; ]filename="((?:[^"\\]|\\.)*)"/.exec(disposition)?.[1]
    // Everything up to the last slash of either kind is cut off.
    return open(name, given?.split(/[/\\]/).at(-1))
  }
}
