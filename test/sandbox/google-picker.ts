import { randomBytes, randomUUID } from 'node:crypto'
import { type Allowed, apiError, type Route, type Send } from './google.ts'

export type PickedItem = {
  id: string
  name?: string
  taken: string
  bytes: Buffer
  width: number
  height: number
  kind?: 'PHOTO' | 'VIDEO'
  status?: 'READY' | 'PROCESSING' | 'FAILED'
}
type Session = { picked: boolean; items: PickedItem[]; polls: number; deleted: boolean }
type Google = {
  send: Send
  allowed: Allowed
  served: { bytes: number; requests: number }
  base: () => string
}

/** The Photos Picker. `choose` says what the person picks; `pollsUntilDone` how often a client has to ask. */
export function pickerRoutes({ send, allowed, served, base }: Google) {
  const sessions = new Map<string, Session>()
  const addresses = new Map<string, { item: PickedItem; until: number }>()
  const settings = {
    choose: (): PickedItem[] => [],
    pollsUntilDone: 1,
    pollInterval: '0.05s',
    timeoutIn: '1800s',
    /** An address lives an hour. */
    addressMs: 3_600_000,
    pageSize: 100,
    noAccount: false,
  }
  const describe = (id: string, { picked }: Session) => ({
    id,
    pickerUri: `${base()}/picker/${id}`,
    expireTime: new Date(Date.now() + 7 * 86_400_000).toISOString(),
    pickingConfig: { maxItemCount: '2000' },
    ...(picked
      ? { mediaItemsSet: true }
      : { pollingConfig: { pollInterval: settings.pollInterval, timeoutIn: settings.timeoutIn } }),
  })

  const route: Route = (call) => {
    const { method, path, query, response } = call
    if (path.startsWith('/media/')) return media(call)
    if (!/^\/v1\/(sessions|mediaItems)/.test(path)) return false
    if (!allowed(call, /photospicker\.mediaitems\.readonly$/)) return true
    if (method === 'POST' && path === '/v1/sessions') {
      if (settings.noAccount)
        return send(
          response,
          400,
          apiError(
            400,
            'failedPrecondition',
            'FAILED_PRECONDITION',
            'The user has no active Photos account.',
          ),
        )
      const id = randomUUID()
      sessions.set(id, { picked: false, items: [], polls: 0, deleted: false })
      return send(response, 200, describe(id, sessions.get(id) as Session))
    }
    const id = path.startsWith('/v1/sessions/') ? path.slice(13) : (query.get('sessionId') ?? '')
    const session = sessions.get(id)
    if (!session || session.deleted)
      return send(
        response,
        404,
        apiError(404, 'notFound', 'NOT_FOUND', 'Requested entity was not found.'),
      )
    if (method === 'DELETE') {
      session.deleted = true
      return send(response, 200, {})
    }
    if (path.startsWith('/v1/sessions/')) {
      session.polls++
      if (!session.picked && session.polls >= settings.pollsUntilDone) {
        session.picked = true
        session.items = settings.choose()
      }
      return send(response, 200, describe(id, session))
    }
    if (!session.picked)
      return send(
        response,
        400,
        apiError(
          400,
          'failedPrecondition',
          'FAILED_PRECONDITION',
          'The user has not finished picking.',
        ),
      )
    const size = Math.min(settings.pageSize, Number(query.get('pageSize') ?? 50))
    const from = Number(query.get('pageToken') ?? 0)
    const page = session.items.slice(from, from + size)
    return send(response, 200, {
      ...(from + size < session.items.length && { nextPageToken: String(from + size) }),
      mediaItems: page.map(itemOf),
    })
  }

  function itemOf(item: PickedItem) {
    const key = randomBytes(12).toString('base64url')
    addresses.set(key, { item, until: Date.now() + settings.addressMs })
    const { id, name, taken, width, height, kind = 'PHOTO', status = 'READY' } = item
    return {
      id,
      createTime: taken,
      type: kind,
      mediaFile: {
        baseUrl: `${base()}/media/${key}`,
        mimeType: kind === 'VIDEO' ? 'video/mp4' : 'image/jpeg',
        ...(name && { filename: name }),
        mediaFileMetadata: {
          width,
          height,
          ...(kind === 'VIDEO' && { videoMetadata: { fps: 30, processingStatus: status } }),
        },
      },
    }
  }

  const media: Route = (call) => {
    if (!allowed(call, /photospicker\.mediaitems\.readonly$/)) return true
    const [, key = '', suffix] = /^\/media\/([\w-]+)(=\w+)?$/.exec(call.path) ?? []
    const found = addresses.get(key)
    if (!found || found.until < Date.now())
      return send(call.response, 403, 'Forbidden', { 'content-type': 'text/html' })
    const { item } = found
    // Without its suffix an address leads nowhere; =d of a video is a still of it.
    if (suffix !== (item.kind === 'VIDEO' ? '=dv' : '=d'))
      return send(call.response, 400, 'Bad Request', { 'content-type': 'text/html' })
    served.bytes += item.bytes.length
    served.requests++
    return send(call.response, 200, item.bytes, {
      'content-type': item.kind === 'VIDEO' ? 'video/mp4' : 'image/jpeg',
    })
  }
  return { route, settings, sessions }
}
