import { createReadStream } from 'node:fs'
import type { Allowed, DriveFile, Route, Send } from './google.ts'
import { apiError } from './google.ts'

type Drive = {
  files: Map<string, DriveFile>
  send: Send
  allowed: Allowed
  served: { bytes: number; requests: number }
}

const FIELDS = [
  'id',
  'name',
  'size',
  'md5Checksum',
  'createdTime',
  'modifiedTime',
  'mimeType',
  'ownedByMe',
  'trashed',
]

/** Drive v3: list, get, and bytes by Range. */
export function driveRoutes({ files, send, allowed, served }: Drive): Route {
  const describe = (file: DriveFile, fields: string) => {
    const all: Record<string, unknown> = {
      id: file.id,
      name: file.name,
      size: String(file.size),
      md5Checksum: file.md5,
      createdTime: file.created,
      modifiedTime: file.modified,
      mimeType: file.mimeType,
      ownedByMe: file.owned,
      trashed: file.trashed,
    }
    // Only what is asked for comes back.
    const asked = FIELDS.filter(
      (name) => fields === '*' || new RegExp(`\\b${name}\\b`).test(fields),
    )
    return Object.fromEntries(asked.map((name) => [name, all[name]]))
  }
  return (call) => {
    const { method, path, query, response, request } = call
    if (method !== 'GET' || !path.startsWith('/drive/v3/files')) return false
    const access = allowed(call, /auth\/drive(\.readonly|\.file)?$/)
    if (!access) return true
    const seesAll = /auth\/drive(\.readonly)?( |$)/.test(access.scope)
    const visible = [...files.values()].filter(({ id }) => seesAll || access.picked.has(id))
    const fields = query.get('fields') ?? 'id,name,mimeType'
    if (path === '/drive/v3/files') {
      const q = query.get('q') ?? ''
      const part = /name contains '([^']*)'/.exec(q)?.[1]
      const found = visible
        // `contains` on names means: one of its words begins so.
        .filter(
          ({ name }) => part === undefined || new RegExp(`(^|[^a-z0-9])${part}`, 'i').test(name),
        )
        .filter(({ trashed }) => !q.includes('trashed = false') || !trashed)
        .filter(({ owned }) => !q.includes("'me' in owners") || owned)
        .sort((a, b) => (a.created < b.created ? -1 : 1))
      const from = Number(query.get('pageToken') ?? 0)
      const to = from + Math.min(1000, Number(query.get('pageSize') ?? 100))
      return send(response, 200, {
        ...(to < found.length && { nextPageToken: String(to) }),
        files: found.slice(from, to).map((file) => describe(file, fields)),
      })
    }
    const file = visible.find(({ id }) => id === path.slice('/drive/v3/files/'.length))
    if (!file)
      return send(response, 404, apiError(404, 'notFound', 'NOT_FOUND', 'File not found: .'))
    if (query.get('alt') !== 'media')
      return send(response, 200, describe(file, query.get('fields') ?? 'id,name,mimeType'))
    if (file.abusive && query.get('acknowledgeAbuse') !== 'true') {
      return send(
        response,
        403,
        apiError(
          403,
          'cannotDownloadAbusiveFile',
          'PERMISSION_DENIED',
          'This file has been identified as malware or spam and cannot be downloaded.',
        ),
      )
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range ? Number(range[1]) : 0
    const end = Math.min(file.size, range?.[2] ? Number(range[2]) + 1 : file.size)
    if (range && start >= file.size) {
      return send(response, 416, 'Request range not satisfiable', {
        'content-range': `bytes */${file.size}`,
      })
    }
    response.writeHead(range ? 206 : 200, {
      'content-type': file.mimeType,
      'content-length': String(end - start),
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${file.size}` }),
    })
    served.requests++
    const stream = createReadStream(file.path, { start, end: end - 1, highWaterMark: 256 * 1024 })
    stream.on('data', (chunk) => {
      served.bytes += chunk.length
    })
    stream.on('error', () => response.destroy())
    response.on('close', () => stream.destroy())
    stream.pipe(response)
    return true
  }
}
