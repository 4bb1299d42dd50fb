import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import pRetry from 'p-retry'
import { Agent, request as send } from 'undici'
import { Fail, hint, say } from './stage.ts'

/** Immich refused this one request for a reason of its own: callers count it against the item. */
export class Refused extends Error {
  status: number
  constructor(status: number, message: string) {
    super(`Immich answered ${status}: ${message}`)
    this.name = 'Refused'
    this.status = status
  }
}

/** Worth another try. `doubt`: the server may have carried out the request all the same. */
export class Unanswered extends Error {
  doubt: boolean
  status: number
  wait: number
  constructor(message: string, { doubt = true, status = 0, wait = 0 } = {}) {
    super(message)
    this.doubt = doubt
    this.status = status
    this.wait = wait
  }
}

export type Body = { type: string; length: number; chunks: AsyncIterable<Buffer> }
type Answer = { status: number; headers: Record<string, string | string[] | undefined> }
export type Download = Answer & { chunks: AsyncGenerator<Buffer> }
type Options<T> = {
  query?: Record<string, string | number | boolean | undefined>
  json?: unknown
  headers?: Record<string, string>
  /** Called for every attempt, so that a body can be sent again from its start. */
  body?: () => Body
  /** Asked before another try when the last one may have been carried out; undefined = send again. */
  settle?: () => Promise<T | undefined>
  retries?: number
}

const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/
const broken =
  /^(ECONN|EPIPE|ETIMEDOUT|ENETDOWN|EHOSTDOWN|UND_ERR_(SOCKET|CLOSED|DESTROYED|.*TIMEOUT)|HPE_)/
const untrusted = /CERT|SELF_SIGNED|VERIFY/

/**
 * One connection to an API base: requests that are tried again after 429, 5xx, a broken connection and silence
 * (PHOTOFERRY_RETRIES times, from PHOTOFERRY_RETRY_MS doubling up to thirty times that; silence = PHOTOFERRY_IDLE_MS).
 * Throws Fail for what would fail every request (key, permission, no server, a login page), Refused for the rest.
 */
export function connect(base: string, key?: string) {
  const env = (name: string, otherwise: number) => Number(process.env[name] || otherwise)
  const retryMs = env('PHOTOFERRY_RETRY_MS', 1000)
  const retriesMax = env('PHOTOFERRY_RETRIES', 8)
  const idleMs = env('PHOTOFERRY_IDLE_MS', 60_000)
  // undici's own time-outs fire while a server works on an upload that is already with it: ours count silence only.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, allowH2: false })
  const failed = (found: string) => new Fail(`Cannot talk to Immich at ${base}: ${found}`)
  let skew = 0

  async function request<T>(method: string, path: string, options: Options<T> = {}): Promise<T> {
    return again(options, async () => {
      const zipped = { ...options, headers: { 'accept-encoding': 'gzip', ...options.headers } }
      const { status, headers, chunks } = await once(method, path, zipped)
      const parts: Buffer[] = []
      for await (const chunk of chunks) parts.push(chunk)
      const bytes = Buffer.concat(parts)
      const text = `${headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes}`
      if (status >= 300) throw problem(status, headers, text)
      if (text === '') return undefined as T
      const value = json(headers, text)
      if (value === undefined)
        throw failed(`it answers with a web page, not with data: ${whatBase}`)
      return value as T
    })
  }

  /** A GET whose body comes as a stream; a break in the middle of it is the reader's to handle. */
  function download(path: string, options: Options<Download> = {}): Promise<Download> {
    return again(options, async () => {
      const answer = await once('GET', path, options)
      if (answer.status < 300) return answer
      let text = ''
      for await (const chunk of answer.chunks) text += chunk
      throw problem(answer.status, answer.headers, text)
    })
  }

  async function again<T>(options: Options<T>, attempt: () => Promise<T>): Promise<T> {
    const { settle, retries = retriesMax } = options
    let doubt = false
    const tries = async () => {
      const settled = doubt && settle ? await settle() : undefined
      if (settled !== undefined) return settled
      return attempt()
    }
    try {
      return await pRetry(tries, {
        retries,
        minTimeout: retryMs,
        maxTimeout: retryMs * 30,
        randomize: true,
        // A 500 is mostly about the item, not about the moment.
        shouldRetry: ({ error, attemptNumber }) =>
          error instanceof Unanswered && (error.status !== 500 || attemptNumber < 4),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft, retryDelay }) => {
          if (!(error instanceof Unanswered) || retriesLeft === 0) return
          doubt ||= error.doubt
          const wait = Math.min(error.wait, retryMs * 60)
          if (attemptNumber >= 3) say(`Immich: ${error.message}, trying again`)
          if (wait > retryDelay) await sleep(wait - retryDelay)
        },
      })
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      if (error.status === 500) throw new Refused(500, error.message)
      throw failed(
        `${error.message}: see that the server runs and is reachable from here, then run again`,
      )
    }
  }

  async function once(
    method: string,
    path: string,
    options: Omit<Options<unknown>, 'settle'>,
  ): Promise<Download> {
    const { query = {}, json, headers } = options
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const body = options.body?.()
    const stop = new AbortController()
    const silence = new Unanswered(`no answer for ${Math.round(idleMs / 1000)} s`)
    let timer: NodeJS.Timeout | undefined
    const patience = (ms: number) => {
      clearTimeout(timer)
      if (ms) timer = setTimeout(() => stop.abort(silence), ms)
    }
    let bodyError: { error: unknown } | undefined

    // Only the server's silence counts, not the time that our own source of bytes takes.
    async function* sent(chunks: AsyncIterable<Buffer>) {
      patience(0)
      try {
        for await (const chunk of chunks) {
          patience(idleMs)
          yield chunk
          patience(0)
        }
      } catch (error) {
        bodyError = { error }
        throw error
      }
      // A proxy that keeps the body to itself passes it on only now.
      patience(idleMs * 10)
    }
    async function* received(chunks: AsyncIterable<Buffer>) {
      patience(idleMs)
      try {
        for await (const chunk of chunks) {
          patience(0)
          yield chunk
          patience(idleMs)
        }
      } catch (error) {
        throw unanswered(error)
      } finally {
        patience(0)
      }
    }

    patience(idleMs)
    try {
      const answer = await send(url, {
        method: method as 'GET',
        dispatcher: agent,
        signal: stop.signal,
        headers: {
          accept: 'application/json',
          ...(key && { 'x-api-key': key }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(body && { 'content-type': body.type, 'content-length': String(body.length) }),
          ...headers,
        },
        // undici takes any async iterable, and pulls it no faster than the socket drains; its types know streams only.
        body: body
          ? (sent(body.chunks) as never)
          : json === undefined
            ? null
            : JSON.stringify(json),
      })
      patience(0)
      const now = Date.parse(String(answer.headers.date))
      if (now) skew = now - Date.now()
      return { status: answer.statusCode, headers: answer.headers, chunks: received(answer.body) }
    } catch (error) {
      patience(0)
      throw bodyError ? bodyError.error : unanswered(error)
    }
  }

  function unanswered(error: unknown) {
    const { code = '', message } = error as { code?: string; message: string }
    if (error instanceof Unanswered) return error
    if (neverSent.test(code)) return new Unanswered(`no connection (${code})`, { doubt: false })
    if (broken.test(code)) return new Unanswered(`the connection broke (${code})`)
    if (untrusted.test(code)) {
      const how = 'give its authority in NODE_EXTRA_CA_CERTS, or use its http:// address'
      return failed(`its certificate is not trusted (${code}): ${how}`)
    }
    return new Error(`Request to Immich: ${message}`, { cause: error })
  }

  function problem(status: number, headers: Answer['headers'], text: string) {
    const body = json(headers, text)
    const message = body ? reason(body) : `HTTP ${status}`
    if (status < 400) {
      const { origin, pathname } = new URL(String(headers.location ?? '/'), base)
      return failed(
        `it redirects to ${origin}${pathname}: set IMMICH_URL to where Immich itself is`,
      )
    }
    if (status === 413) {
      const where = 'raise client_max_body_size (or its like) on the proxy before Immich'
      return new Refused(status, `the file is too large: ${where}`)
    }
    if (status === 429 || status >= 500) {
      const after = String(headers['retry-after'] ?? '')
      const wait = /^\d+$/.test(after)
        ? Number(after) * 1000
        : Date.parse(after) - Date.now() - skew
      const doubt = status !== 429 && status !== 503
      return new Unanswered(`it answers ${status} (${message})`, { doubt, status, wait: wait || 0 })
    }
    if (!body) return failed(`it answers ${status} with a web page, not with data: ${whatBase}`)
    if (status === 401 && !message.startsWith('Elevated')) {
      return failed(
        `it refuses this key (${message}): make a new one in Immich under Account Settings > API Keys, then ${hint('auth')}`,
      )
    }
    const permission = message.match(/^Missing required permission: (.+)/)?.[1]
    if (permission) {
      return new Fail(
        `Cannot use this Immich key: it lacks ${permission}: tick that in Immich under Account Settings > API Keys, then run again`,
      )
    }
    return new Refused(status, message)
  }

  /** The server's clock now, from the last answer's Date header (whole seconds, so up to one behind). */
  const now = () => new Date(Date.now() + skew)
  return { request, download, now }
}

const whatBase = 'is IMMICH_URL right, and is there no login page before it?'

function json(headers: Answer['headers'], text: string): unknown {
  if (!String(headers['content-type']).includes('json')) return
  try {
    return JSON.parse(text)
  } catch {
    return
  }
}

/** Both error formats: v2 `message: string | string[]`, v3 `message` with `errors: [{ path, message }]`. */
function reason(body: unknown): string {
  const { message, errors } = body as { message?: unknown; errors?: unknown }
  const list = Array.isArray(errors) ? errors : []
  const details = list.map(({ path, message }) => `${[path].flat().join('.')}: ${message}`)
  const text = [[message].flat().join('; '), ...details].filter(Boolean).join('; ')
  return text.slice(0, 500) || 'no reason given'
}

export type Connection = ReturnType<typeof connect>
