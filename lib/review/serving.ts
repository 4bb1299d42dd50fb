import { readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type HttpBindings, serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { troubleText } from '../errno.ts'
import type { Immich } from '../immich/immich.ts'
import { Fail, say } from '../stage.ts'
import { Locked } from '../state/lock.ts'
import type { Decided } from '../state/records.ts'
import { diskPictures } from './disk.ts'
import { guard, newToken } from './guard.ts'
import { archivePictures, assetPicture, type Shown } from './pictures.ts'
import { Changed, type Review } from './review.ts'

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}
const SIZES = ['thumbnail', 'preview', 'large'] as const

/**
 * Serves the page on 127.0.0.1 (`port` 0: a free one). `server` gives Immich, or throws Fail with what keeps its pictures
 * away: the facts are shown all the same. `over` resolves when the person says that they are done.
 */
export async function servePage(
  review: Review,
  { port, server }: { port: number; server: () => Promise<Immich> },
) {
  const token = newToken()
  const files = pageFiles()
  const archives = archivePictures()
  const disk = diskPictures()
  let done = () => {}
  const over = new Promise<void>((resolve) => {
    done = resolve
  })
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(guard(token))
  app.use(bodyLimit({ maxSize: 64 << 10 }))
  app.onError((error, c) => {
    const { message } = error
    if (error instanceof HTTPException) return error.getResponse()
    if (error instanceof Locked) return c.json({ message }, 423)
    if (error instanceof Changed) return c.json({ message }, 409)
    if (error instanceof Fail || error instanceof SyntaxError) return c.json({ message }, 400)
    say(error.stack ?? message)
    return c.json({ message: `This is a bug in photoferry: ${message}` }, 500)
  })

  app.get('/:token/', (c) => send(c, files.get('page.html')))
  app.get('/:token/page/:file', (c) => send(c, files.get(c.req.param('file'))))
  app.get('/:token/overview', (c) => c.json(review.overview()))
  app.get('/:token/items', (c) => c.json(review.items((c.req.queries('key') ?? []).slice(0, 50))))
  app.get('/:token/immich', async (c) =>
    c.json({ none: review.needsServer() ? await server().then(() => '', why) : '' }),
  )
  app.get('/:token/asset/:id', async (c) => {
    const id = c.req.param('id')
    if (!review.hasAsset(id)) return c.text('not of these', 404)
    return show(c, async () => assetPicture(await server(), id, sizeOf(c)))
  })
  app.get('/:token/photo/:key', async (c) => {
    const found = review.fileOf(c.req.param('key'))
    if (!found) return c.text('not of these', 404)
    return show(c, () => archives.picture(found.part, found.file))
  })
  app.get('/:token/file/:key/:side', async (c) => {
    const found = review.seenAt(c.req.param('key'), c.req.param('side'))
    if (!found) return c.text('not of these', 404)
    return show(c, () => disk.picture(found, sizeOf(c)))
  })
  app.post('/:token/decide', async (c) => {
    const { key, decided } = ((await c.req.json()) ?? {}) as { key?: string; decided?: Decided }
    return c.json(await review.decide(String(key), decided))
  })
  app.post('/:token/undo', async (c) => c.json(await review.undo()))
  app.post('/:token/again', async (c) => {
    await review.load()
    return c.json(review.overview())
  })
  app.post('/:token/done', (c) => {
    setTimeout(done, 50)
    return c.json({})
  })

  const http = await listen(app.fetch as Parameters<typeof serve>[0]['fetch'], port)
  const at = (http.address() as { port: number }).port
  return {
    port: at,
    address: `http://127.0.0.1:${at}/${token}/`,
    over,
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await archives.close()
      await disk.close()
    },
  }
}

const sizeOf = (c: Context) => SIZES.find((one) => one === c.req.query('size')) ?? 'preview'

/** The page's own files, read once; its TypeScript as the browser's JavaScript. */
function pageFiles() {
  const folder = join(import.meta.dirname, 'page')
  const files = new Map<string, { type: string; text: string }>()
  for (const name of readdirSync(folder)) {
    const type = TYPES[name.replace(/^.*\./, '')]
    const text = readFileSync(join(folder, name), 'utf8')
    if (type) files.set(name, { type, text: name.endsWith('.ts') ? plain(text) : text })
  }
  return files
}

/** Node says at the first call that this is experimental, which tells the person at the terminal nothing. */
function plain(text: string) {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}

function send(c: Context, file: { type: string; text: string } | undefined) {
  return file ? c.body(file.text, 200, { 'content-type': file.type }) : c.text('no such file', 404)
}

/** A picture as it comes; what keeps it away as a sentence that the page shows in its place. */
async function show(c: Context<{ Bindings: HttpBindings }>, find: () => Promise<Shown>) {
  const shown = await find().catch((error): Shown => ({ none: why(error) }))
  if ('none' in shown) return c.text(shown.none, 404)
  const body = Readable.toWeb(Readable.from(whole(shown.bytes, c.env.outgoing))) as ReadableStream
  return c.body(body, 200, { 'content-type': shown.type })
}

/** What breaks off on its way must not look like the end. */
async function* whole(bytes: AsyncIterable<Buffer>, outgoing: HttpBindings['outgoing']) {
  try {
    yield* bytes
  } catch (error) {
    const { name, message } = error as Error
    // The page went on to another.
    if (name !== 'AbortError') say(`a picture broke off: ${message}`)
    outgoing.destroy()
  }
}

function why(error: unknown) {
  if (error instanceof Error && (error instanceof Fail || error.name === 'Refused'))
    return error.message
  throw error
}

function listen(fetch: Parameters<typeof serve>[0]['fetch'], port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const http = serve({ fetch, port, hostname: '127.0.0.1' }, () => resolve(http)) as Server
    http.on('error', (error) =>
      reject(
        new Fail(
          `Cannot serve the page on port ${port}: ${troubleText(error)}: take another --port`,
        ),
      ),
    )
  })
}
