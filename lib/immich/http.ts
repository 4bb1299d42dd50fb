import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import pRetry from 'p-retry'
import type { Agent } from 'undici'
import { doing } from '../spent.ts'
import { say, wholeNumber } from '../stage.ts'
import {
  cannotTalk,
  type Headers,
  notData,
  problem,
  Refused,
  readJson,
  saysJson,
  Unanswered,
} from './refusal.ts'

export type Body = { type: string; length: number; chunks: AsyncIterable<Buffer> }
export type Download = { status: number; headers: Headers; chunks: AsyncGenerator<Buffer> }
export type Connection = ReturnType<typeof connect>
type Ask = {
  query?: Record<string, string | number | boolean | undefined>
  json?: unknown
  headers?: Record<string, string> | undefined
  /** Called for every attempt, so that a body can be sent again from its start. */
  body?: () => Body
}
type Tries<T> = {
  /** Asked before another try when the last one may have been carried out; undefined = send again. */
  settle?: () => Promise<T | undefined>
  retries?: number
}

// Loaded by the first request: a stage that needs none starts in half the time.
let undici: Promise<typeof import('undici')> | undefined

const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/
const broken =
  /^(ECONN|EPIPE|ETIMEDOUT|ENETDOWN|EHOSTDOWN|UND_ERR_(SOCKET|CLOSED|DESTROYED|.*TIMEOUT)|HPE_)/
const untrusted = /CERT|SELF_SIGNED|VERIFY/

/**
 * One connection to an API base: requests that are tried again after 429, 5xx, a broken connection and silence
 * (PHOTOFERRY_RETRIES times, from PHOTOFERRY_RETRY_MS doubling up to thirty times that; silence = PHOTOFERRY_IDLE_MS), no
 * more than PHOTOFERRY_RATE_LIMIT of them a second where that is set.
 * Throws Fail for what would fail every request (key, permission, no server, a login page), Refused for the rest.
 */
export function connect(base: string, key?: string) {
  const env = (name: string, otherwise: number) =>
    wholeNumber(name, process.env[name] || otherwise, 0)
  const retryMs = env('PHOTOFERRY_RETRY_MS', 1000)
  const retriesMax = env('PHOTOFERRY_RETRIES', 8)
  const idleMs = env('PHOTOFERRY_IDLE_MS', 60_000)
  const turn = paced(env('PHOTOFERRY_RATE_LIMIT', 0))
  // undici's own time-outs fire while a server works on an upload that is already with it: ours count silence only.
  const agentOptions = { headersTimeout: 0, bodyTimeout: 0, allowH2: false }
  let agent: Agent | undefined
  // Between the server's clock and one that nobody sets.
  let ahead = Date.now() - performance.now()

  /** A call that answers in JSON, or in nothing. */
  function request<T>(method: string, path: string, ask: Ask & Tries<T> = {}): Promise<T> {
    return again(ask, async () => {
      const zipped = { 'accept-encoding': 'gzip', ...ask.headers }
      const answer = await once(method, path, { ...ask, headers: zipped })
      const { headers } = answer
      const text = unpacked(await whole(answer), headers)
      const value = text === undefined ? undefined : readJson(headers, text)
      if (value !== undefined || (text === '' && !saysJson(headers))) return value as T
      // Where no length was promised, a connection that ends too early looks like the end.
      if (saysJson(headers)) throw new Unanswered('its answer breaks off')
      throw notData(base)
    })
  }

  /** A GET whose body comes as a stream; a break in it is thrown as Unanswered, and the reader's to handle. */
  const download = (path: string, ask: Ask = {}) => again({}, () => once('GET', path, ask))

  async function again<T>(options: Tries<T>, attempt: () => Promise<T>): Promise<T> {
    const { settle, retries = retriesMax } = options
    let doubt = false
    let pause = () => {}
    const tries = async () => {
      pause()
      const settled = doubt && settle ? await settle() : undefined
      return settled ?? attempt()
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
          pause = doing('waiting for the server')
          if (wait > retryDelay) await sleep(wait - retryDelay)
        },
      })
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      if (error.status === 500) throw new Refused(500, error.reason)
      const next = 'see that the server runs and is reachable from here, then run again'
      throw cannotTalk(base, `${error.message}: ${next}`, error)
    } finally {
      pause()
    }
  }

  async function once(method: string, path: string, ask: Ask): Promise<Download> {
    const { query = {}, json, headers } = ask
    await turn()
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const body = ask.body?.()
    const stop = new AbortController()
    const silence = () => stop.abort(new Unanswered(`no answer for ${Math.round(idleMs / 1000)} s`))
    let timer: NodeJS.Timeout | undefined
    // A refusal may come while the body is still on its way: then nobody waits for what becomes of that.
    let answered = false
    const patience = (ms: number) => {
      clearTimeout(timer)
      if (ms) timer = setTimeout(silence, ms)
    }
    let bodyError: { error: unknown } | undefined
    let over = doing('waiting for the server')

    // Only the server's silence counts, not the time that our own source of bytes takes.
    async function* sent(chunks: AsyncIterable<Buffer>) {
      const wait = (ms: number) => answered || patience(ms)
      wait(0)
      over()
      try {
        for await (const chunk of chunks) {
          wait(idleMs)
          over = doing('sending')
          yield chunk
          over()
          wait(0)
        }
      } catch (error) {
        bodyError = { error }
        throw error
      } finally {
        over()
      }
      if (answered) return
      over = doing('waiting for the server')
      // A proxy that keeps the body to itself passes it on only now.
      wait(idleMs * 10)
    }
    async function* received(chunks: AsyncIterable<Buffer>) {
      patience(idleMs)
      const over = doing('waiting for the server')
      try {
        for await (const chunk of chunks) {
          patience(0)
          yield chunk
          patience(idleMs)
        }
      } catch (error) {
        throw unanswered(error)
      } finally {
        over()
        patience(0)
      }
    }

    undici ??= import('undici')
    const { Agent, request: send } = await undici
    agent ??= new Agent(agentOptions)
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
        // undici pulls any async iterable no faster than the socket drains; its types know streams only.
        body: body
          ? (sent(body.chunks) as never)
          : json === undefined
            ? null
            : JSON.stringify(json),
      })
      answered = true
      over()
      const { statusCode: status } = answer
      const date = Date.parse(String(answer.headers.date))
      if (date) ahead = date - performance.now()
      const chunks = received(answer.body)
      if (status < 300) return { status, headers: answer.headers, chunks }
      const text = unpacked(await whole({ chunks }), answer.headers)
      const isCut = saysJson(answer.headers) && readJson(answer.headers, text ?? '') === undefined
      // That one says all by its number.
      if (isCut && status !== 413) {
        throw new Unanswered(`it answers ${status}, which breaks off`, { status })
      }
      throw problem(
        base,
        url,
        { status, headers: answer.headers, text: text ?? '' },
        now().getTime(),
      )
    } catch (error) {
      answered = true
      over()
      patience(0)
      throw bodyError ? bodyError.error : unanswered(error)
    }
  }

  function unanswered(error: unknown) {
    const { code = '' } = error as { code?: string }
    if (neverSent.test(code)) return new Unanswered(`no connection (${code})`, { doubt: false })
    if (broken.test(code)) return new Unanswered(`the connection broke (${code})`)
    if (!untrusted.test(code)) return error
    const how = 'give its authority in NODE_EXTRA_CA_CERTS, or use its http:// address'
    return cannotTalk(base, `its certificate is not trusted (${code}): ${how}`)
  }

  /** The server's clock now, from the last answer's Date header (whole seconds, so up to one behind). */
  const now = () => new Date(performance.now() + ahead)
  return { request, download, now }
}

/** Resolves when the next may go: `perSecond` of them evenly, or at once where that is 0. */
function paced(perSecond: number) {
  let next = 0
  return async () => {
    if (perSecond === 0) return
    const now = performance.now()
    next = Math.max(now, next + 1000 / perSecond)
    if (next > now) await sleep(next - now)
  }
}

/** The text of an answer; undefined where its packing is cut off. */
function unpacked(bytes: Buffer, headers: Headers) {
  if (headers['content-encoding'] !== 'gzip') return String(bytes)
  try {
    return String(gunzipSync(bytes))
  } catch {
    return undefined
  }
}

async function whole({ chunks }: { chunks: AsyncIterable<Buffer> }) {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}
