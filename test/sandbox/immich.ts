import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ApiKey, Call, Keys } from './immich-call.ts'
import { check, type Major, Problem } from './immich-check.ts'
import { type Asset, emptyDb } from './immich-db.ts'
import type { ZoneAt } from './immich-extract.ts'
import { startJobs } from './immich-jobs.ts'
import { sendMedia } from './immich-media.ts'
import { routes } from './immich-routes.ts'
import { receive } from './immich-upload.ts'

/** What is to go wrong, for the next `times` (1) calls that fit, after the first `skip` (0). */
export type Fault = {
  method?: string
  path?: RegExp | string
  times?: number
  skip?: number
  /** Answered instead of the real answer. */
  status?: number
  body?: string
  headers?: Record<string, string>
  /** `before`: the connection breaks and nothing was done; `after`: it was done, but the answer is lost. */
  drop?: 'before' | 'after'
  /** Nothing ever comes. */
  hang?: true
  /** A download breaks after so many bytes. */
  cut?: number
  delayMs?: number
}
export type Logged = { method: string; path: string; status: number; bytes: number }
export type Standin = Awaited<ReturnType<typeof startImmich>>

type Options = {
  version?: '3.1.0' | '2.7.5'
  port?: number
  /** How long the metadata job takes to come round; the real one's is about a second. */
  extractDelayMs?: number
  permissions?: string[]
  /** Where originals are kept: a temporary one if left out, none (only their sums) if null. */
  folder?: string | null
  zoneAt?: ZoneAt
  key?: string
  /** JSON file that the database is read from and, by `stop`, written to. */
  state?: string
}

/** A server on 127.0.0.1 that answers this project's calls as Immich does; `test/contract.test.ts` says how it does. */
export async function startImmich({
  version = '3.1.0',
  port = 0,
  extractDelayMs = 20,
  permissions = ['all'],
  folder,
  zoneAt = () => null,
  key = randomBytes(32).toString('base64url'),
  state,
}: Options = {}) {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const v = major as Major
  const db = emptyDb()
  const own = folder === undefined ? await mkdtemp(join(tmpdir(), 'immich-')) : undefined
  const originals = folder === undefined ? (own ?? null) : folder
  const keys: Keys = new Map([[key, { id: randomUUID(), name: 'test', permissions }]])
  const heads = new Map<string, Buffer>()
  const faults: Fault[] = []
  const requests: Logged[] = []
  if (state) await load(state)

  const jobs = startJobs(db, v, { delayMs: extractDelayMs, zoneAt, heads, originals })
  const server = createServer((request, response) => void answer(request, response))
  // Immich's own keep-alive is the same.
  server.keepAliveTimeout = 5000
  server.requestTimeout = 0
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET' } = request
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const logged: Logged = { method, path: pathname, status: 0, bytes: 0 }
    requests.push(logged)
    request.on('data', (chunk) => {
      logged.bytes += chunk.length
    })
    // Listening for data starts the flow: whoever reads the body takes it up again.
    request.pause()
    const fault = takeFault(method, pathname)
    try {
      if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
      if (fault?.hang) return
      if (fault?.drop === 'before') return void request.socket.destroy()
      if (fault?.status) {
        request.resume()
        response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        logged.status = fault.status
        return void response.end(
          fault.body ?? JSON.stringify({ message: STATUS_CODES[fault.status] }),
        )
      }
      const send = (code: number, json?: unknown) => {
        logged.status = code
        request.resume()
        if (fault?.drop === 'after') return void request.socket.destroy()
        const body = json === undefined ? '' : JSON.stringify(json)
        const id = randomBytes(4).toString('hex')
        response.writeHead(code, {
          ...(json !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
          ...(v === 3 && { 'x-correlation-id': id }),
          'content-length': Buffer.byteLength(body),
        })
        response.end(body)
      }
      try {
        if (pathname === '/.well-known/immich' && method === 'GET')
          return send(200, { api: { endpoint: '/api' } })
        if (!pathname.startsWith('/api/') && pathname !== '/api' && method === 'GET') {
          logged.status = 200
          response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
          return void response.end('<!doctype html><title>Immich</title>')
        }
        await handle(
          request,
          response,
          pathname,
          Object.fromEntries(searchParams),
          send,
          logged,
          fault,
        )
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        send(error.status, problemJson(v, error))
      }
    } catch (error) {
      // A client that goes away in the middle of its body is no fault of ours.
      if ((error as { code?: string }).code !== 'ECONNRESET') console.error(error)
      response.destroy()
    }
  }

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query: Record<string, string>,
    send: (code: number, json?: unknown) => void,
    logged: Logged,
    fault?: Fault,
  ) {
    const { method = 'GET' } = request
    const path = pathname.replace(/^\/api/, '')
    const upload = method === 'POST' && path === '/assets'
    const media = method === 'GET' && /^\/assets\/([^/]+)\/(original|thumbnail)$/.exec(path)
    const route = upload || media ? undefined : find(method, path)
    if (!upload && !media && !route) throw new Problem(404, `Cannot ${method} ${pathname}`)
    const permission = upload
      ? 'asset.upload'
      : media
        ? media[2] === 'original'
          ? 'asset.download'
          : 'asset.view'
        : route?.permission
    let apiKey: ApiKey | undefined
    if (permission !== undefined) {
      const given = request.headers['x-api-key'] ?? query.apiKey
      if (!given) throw new Problem(401, 'Authentication required')
      const found = keys.get(String(given))
      if (!found) throw new Problem(401, 'Invalid API key')
      apiKey = found
      if (
        permission &&
        !apiKey.permissions.includes('all') &&
        !apiKey.permissions.includes(permission)
      ) {
        throw new Problem(403, `Missing required permission: ${permission}`)
      }
    }
    if (upload) {
      const { code, answer, ...taken } = await receive(db, v, request, originals)
      if ('asset' in taken && taken.asset) {
        if (!taken.asset.path) heads.set(taken.asset.id, taken.head)
        jobs.extract(taken.asset)
      }
      return send(code, answer)
    }
    if (media) {
      logged.status = sendMedia(
        db,
        v,
        request,
        response,
        media[1] ?? '',
        media[2] ?? '',
        query,
        fault?.cut,
      )
      return
    }
    if (!route) return
    for (const id of route.params)
      check(v, { id: { kind: 'uuid', required: true } }, { id }, 'text')
    const call: Call = {
      db,
      major: v,
      jobs,
      keys,
      apiKey,
      version: { major, minor, patch },
      params: route.params,
      query,
      body: await bodyOf(request),
    }
    send(route.code, route.run(call))
  }

  function takeFault(method: string, path: string) {
    const at = faults.findIndex(
      (fault) =>
        (!fault.method || fault.method === method) && (!fault.path || path.match(fault.path)),
    )
    const fault = faults[at]
    if (!fault) return
    if (fault.skip) {
      fault.skip--
      return
    }
    fault.times = (fault.times ?? 1) - 1
    if (fault.times <= 0) faults.splice(at, 1)
    return fault
  }

  async function load(file: string) {
    const saved = JSON.parse(await readFile(file, 'utf8').catch(() => 'null'))
    if (!saved) return
    Object.assign(db.user, saved.user)
    db.users = new Map([[db.user.id, db.user]])
    for (const one of saved.assets as Asset[]) db.assets.set(one.id, one)
    for (const name of ['albums', 'tags', 'stacks'] as const) {
      for (const one of saved[name]) (db[name] as Map<string, unknown>).set(one.id, one)
    }
  }

  async function stop() {
    await jobs.settled()
    const list = (name: 'assets' | 'albums' | 'tags' | 'stacks') => [...db[name].values()]
    const saved = {
      user: db.user,
      assets: list('assets'),
      albums: list('albums'),
      tags: list('tags'),
      stacks: list('stacks'),
    }
    if (state) await writeFile(state, JSON.stringify(saved))
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    if (own) await rm(own, { recursive: true, force: true })
  }

  return {
    url,
    key,
    db,
    jobs,
    /** Every request so far: method, path, status, bytes of its body. */
    requests,
    /** How many there were of this method, on paths that match. */
    count: (method: string, path: RegExp | string) =>
      requests.filter((one) => one.method === method && one.path.match(path)).length,
    fail: (fault: Fault) => void faults.push({ ...fault }),
    /** What the key may do from now on. */
    allow: (names: string[]) => {
      const main = keys.get(key)
      if (main) main.permissions = names
    },
    settled: jobs.settled,
    stop,
  }
}

const table = routes.map(([method, path, permission, code, run]) => {
  const pattern = new RegExp(`^${path.replace(/:\w+/g, '([^/]+)')}$`)
  return { method, pattern, permission, code, run }
})

function find(method: string, path: string) {
  for (const { pattern, ...route } of table) {
    const match = route.method === method && pattern.exec(path)
    if (match) return { ...route, params: match.slice(1) }
  }
}

async function bodyOf(request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  if (!text || !request.headers['content-type']?.includes('json')) return undefined
  if (text.length > 10 * 2 ** 20) throw new Problem(413, 'request entity too large')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem(400, (error as Error).message)
  }
}

function problemJson(major: Major, { status, messages, errors }: Problem) {
  if (major === 3) return { message: messages, ...(errors && { errors }) }
  return {
    message: messages,
    error: STATUS_CODES[status],
    statusCode: status,
    correlationId: randomBytes(4).toString('hex'),
  }
}

// By itself it is the server of the demo.
if (process.argv[1] === import.meta.filename) {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { port: text, version: text, folder: text, state: text, key: text },
  })
  const standin = await startImmich({
    ...(values as { version?: '3.1.0'; folder?: string; state?: string; key?: string }),
    port: Number(values.port ?? 0),
    extractDelayMs: 300,
  })
  console.log(`IMMICH_URL=${standin.url}\nIMMICH_API_KEY=${standin.key}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await standin.stop()
      process.exit(0)
    })
  }
}
