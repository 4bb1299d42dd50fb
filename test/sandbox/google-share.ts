import type { Route, Send } from './google.ts'

export type SharedPicture = {
  id: string
  name: string
  bytes: Buffer
  takenMs: number
  video?: true
}

/** Public albums: the short link, the page with its first pictures inside, and the call for more. */
export function shareRoutes({ send, base }: { send: Send; base: () => string }) {
  const albums = new Map<string, { title: string; key: string; pictures: SharedPicture[] }>()
  const settings = { pageSize: 300, changed: false }
  const pageOf = (pictures: SharedPicture[], from: number) => {
    const items = pictures
      .slice(from, from + settings.pageSize)
      .map(({ id, takenMs }) => [
        id,
        [`${base()}/shared-media/${id}`, 640, 480, null],
        takenMs,
        'x',
        7_200_000,
      ])
    const to = from + settings.pageSize
    return [null, items, to < pictures.length ? `token-${to}` : '']
  }

  const route: Route = ({ method, path, query, body, response }) => {
    const short = /^\/s\/(\w+)$/.exec(path)?.[1]
    const shared = short ? albums.get(short) : undefined
    if (shared)
      return send(response, 302, '', { location: `${base()}/share/${short}?key=${shared.key}` })
    const album = albums.get(/^\/share\/([\w-]+)$/.exec(path)?.[1] ?? '')
    if (album && query.get('key') === album.key) {
      const data = JSON.stringify(pageOf(album.pictures, 0))
      const script = settings.changed
        ? `<script>load(${data})</script>`
        : `<script nonce="x">AF_initDataCallback({key: 'ds:0', hash: '1', data:["]"], sideChannel: {}});</script><script>AF_initDataCallback({key: 'ds:1', hash: '2', data:${data}, sideChannel: {}});</script>`
      return send(
        response,
        200,
        `<!doctype html><meta property="og:title" content="${album.title.replaceAll('&', '&amp;')} · Jul 4 – 6"><script>WIZ_global_data = {"FdrFJe":"-123","cfb2h":"boq_photos_1"}</script>${script}`,
        { 'content-type': 'text/html; charset=utf-8' },
      )
    }
    if (method === 'POST' && path === '/_/PhotosUi/data/batchexecute') {
      const [[[, payload]]] = JSON.parse(new URLSearchParams(body).get('f.req') ?? '') as [
        [[string, string]],
      ]
      const [id, token] = JSON.parse(payload) as [string, string]
      const pictures = albums.get(id)?.pictures ?? []
      const inner = JSON.stringify(pageOf(pictures, Number(token.slice(6))))
      return send(
        response,
        200,
        `)]}'\n\n100\n${JSON.stringify([['wrb.fr', 'snAcKc', inner, null, null, null, 'generic']])}\n25\n[["e",4]]\n`,
      )
    }
    const [, id = '', suffix] = /^\/shared-media\/([\w-]+)=(d|dv)$/.exec(path) ?? []
    const picture = [...albums.values()]
      .flatMap(({ pictures }) => pictures)
      .find((one) => one.id === id)
    if (!picture) return false
    if (suffix === 'dv' && !picture.video)
      return send(response, 404, 'Not Found', { 'content-type': 'text/html' })
    return send(response, 200, picture.bytes, {
      'content-type': picture.video ? 'video/mp4' : 'image/jpeg',
      'content-disposition': `attachment;filename="${picture.name}"`,
    })
  }
  return { route, albums, settings, link: (id: string) => `${base()}/s/${id}` }
}
