import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { asset as assetOf } from './immich-call.ts'
import { check, type Major, Problem } from './immich-check.ts'
import type { Db } from './immich-db.ts'
import { mimeType } from './immich-json.ts'

/** GET /assets/:id/original and /thumbnail; a picture is its own thumbnail. Returns the status that was sent. */
export function sendMedia(
  db: Db,
  v: Major,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  kind: string,
  query: Record<string, string>,
  cut?: number,
) {
  if (kind === 'thumbnail')
    check(v, { size: { kind: ['original', 'fullsize', 'preview', 'thumbnail'] } }, query, 'text')
  check(v, { id: { kind: 'uuid', required: true } }, { id }, 'text')
  // v3 tells by 404 that there is no such original.
  if (kind === 'original' && v === 3 && !db.assets.has(id)) throw new Problem(404, 'Not Found')
  const asset = assetOf(db, id, kind === 'original' ? 'download' : 'view')
  if (kind === 'thumbnail' && asset.thumbhash === null)
    throw new Problem(404, 'Asset media not found')
  if (!asset.path) throw new Problem(404, 'Not Found')
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = range ? Number(range[1]) : 0
  const end = Math.min(range?.[2] ? Number(range[2]) : asset.size - 1, asset.size - 1)
  if (start >= asset.size && asset.size) throw new Problem(v === 3 ? 404 : 500, 'Not Found')
  const status = range ? 206 : 200
  response.writeHead(status, {
    'accept-ranges': 'bytes',
    'content-type': kind === 'thumbnail' ? 'image/jpeg' : mimeType(asset.originalFileName),
    'content-length': end - start + 1,
    'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(asset.originalFileName)}`,
    etag: `W/"${asset.size.toString(16)}-${asset.fileModifiedAt.toString(16)}"`,
    'last-modified': new Date(asset.fileModifiedAt).toUTCString(),
    ...(range && { 'content-range': `bytes ${start}-${end}/${asset.size}` }),
  })
  if (cut !== undefined) {
    const part = createReadStream(asset.path, { start, end: start + cut - 1 })
    part.pipe(response, { end: false })
    part.on('end', () => setTimeout(() => request.socket.destroy(), 20))
    return status
  }
  createReadStream(asset.path, { start, end }).pipe(response)
  return status
}
